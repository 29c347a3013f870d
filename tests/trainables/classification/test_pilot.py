"""Radii between two anchors: where they come from, and what is said where one is missing."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.classification.assets import LabelledImages
from trainables.classification.measurement import Measurement
from trainables.classification.pilot import RADII, Anchor, choose_eps, measure_anchor

GREYS = torch.tensor([96, 112, 120, 124, 131, 135, 143, 159])  # 4, 8, 16 and 32 off the middle
MEASUREMENT = Measurement("binary-class", "pgd", (0.0, 0.5), seed=0)
DEFAULT = (0.0, 0.5)


class Brightness(nn.Module):
    """Tells light images from dark ones, the wrong way round if asked to."""

    def __init__(self, sign=1.0):
        super().__init__()
        self.sign = sign

    def forward(self, images):
        light = 50 * (images.mean(dim=(1, 2, 3)) - 127.5 / 255) * self.sign
        return torch.stack([-light, light], dim=1)


def val():
    images = GREYS.to(torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return LabelledImages(images.contiguous(), (GREYS > 127).long())


def anchor(name, radius):
    """An anchor that keeps all of its skill below a radius in grey levels, and none from there."""
    return Anchor(name, (np.array(RADII) * 255 < radius).astype(float))


def greys(choice):
    return [round(255 * eps, 3) for eps in choice.eps]


def test_candidates_begin_below_a_grey_level():
    assert [255 * radius for radius in RADII[1:]] == pytest.approx([2.0**n for n in range(-6, 7)])


def test_a_share_is_what_is_left_above_chance():
    """Of a margin of 3.5 / 255 one step of radius 4 / 255 leaves nothing, of 2 / 255 something."""
    measured = measure_anchor(Brightness(), val(), MEASUREMENT, "baseline")
    expected = []
    for eps in RADII:
        right = (torch.tensor([3.5, 7.5, 15.5, 31.5]) > 255 * eps).double().mean()
        expected.append(float(2 * (right - 0.5)))  # of 8 images each side loses alike
    assert measured.survival.tolist() == expected
    assert measured.radius(0.5) * 255 == pytest.approx(4.0)
    assert measure_anchor(Brightness(-1.0), val(), MEASUREMENT, "x").survival is None


def test_five_radii_lie_between_the_anchors_at_equal_steps_of_the_logarithm():
    """Half is lost halfway from 1/2 to 1 grey level, three quarters at that share from 8 to 16."""
    choice = choose_eps(anchor("baseline", 1.0), anchor("adversarial", 16.0), DEFAULT)
    assert greys(choice) == [0.0, 0.71, 1.5, 3.1, 6.4, 13.0]
    assert choice.line.startswith("eps chosen on val: 0, 0.71, 1.5, 3.1, 6.4, 13 (/255), at equal")
    assert "the baseline half of its clean skill, at the last the adversarial a quarter" in (
        choice.line
    )
    assert set(choice.details["kept"]) == {"baseline", "adversarial"}


def test_anchors_that_lie_close_are_set_two_octaves_apart():
    choice = choose_eps(anchor("baseline", 2.0), anchor("adversarial", 2.0), DEFAULT)
    first, last = greys(choice)[1], greys(choice)[-1]
    assert last / first == pytest.approx(4, rel=0.05)
    assert "loses three quarters sooner: the last lies 2 octaves above" in choice.line


@pytest.mark.parametrize("robust", [None, Anchor("adversarial", None)])
def test_without_a_robust_anchor_the_last_lies_four_octaves_above_the_first(robust):
    choice = choose_eps(anchor("baseline", 1.0), robust, DEFAULT)
    assert greys(choice)[-1] / greys(choice)[1] == pytest.approx(16, rel=0.05)
    assert "the last lies 4 octaves above" in choice.line
    assert ("the adversarial is no better than a constant answer" in choice.line) == (
        robust is not None
    )


def test_a_baseline_at_chance_leaves_the_first_radius_to_the_last():
    choice = choose_eps(Anchor("baseline", None), anchor("adversarial", 16.0), DEFAULT)
    assert greys(choice)[-1] / greys(choice)[1] == pytest.approx(16, rel=0.05)
    assert "the baseline is no better than a constant answer, so the first lies 4 octaves" in (
        choice.line
    )


@pytest.mark.parametrize("robust", [None, Anchor("adversarial", None)])
def test_anchors_at_chance_choose_nothing(robust):
    choice = choose_eps(Anchor("baseline", None), robust, DEFAULT)
    assert choice.eps == DEFAULT
    assert choice.line.startswith("eps as by default: on val, no skill of baseline")


def test_anchors_that_withstand_all_reach_what_permits_any_change():
    choice = choose_eps(anchor("baseline", 999), anchor("adversarial", 999), DEFAULT)
    assert choice.eps[-1] == pytest.approx(1.0, rel=0.03)
    assert choice.eps[1] == pytest.approx(64 / 255, rel=0.03)


def test_of_an_order_what_is_broken_is_attacked_further():
    """At 8 / 255 the image 4 off the middle is beyond it by 4: pairs are lost that way."""
    measurement = Measurement("binary", "pgd", (0.0, 0.5), seed=0, score="auc")
    measured = measure_anchor(Brightness(), val(), measurement, "baseline")
    light, dark = GREYS[GREYS > 127].double(), GREYS[GREYS < 127].double()
    for eps, share in zip(RADII, measured.survival, strict=True):
        area = ((light[:, None] - dark[None]) > 2 * 255 * eps + 1e-6).double().mean()
        ties = ((light[:, None] - dark[None] - 2 * 255 * eps).abs() <= 1e-6).double().mean() / 2
        if 255 * eps < 30:  # beyond, the box of pixels cuts the attack
            assert share == pytest.approx(2 * (float(area + ties) - 0.5)), 255 * eps
