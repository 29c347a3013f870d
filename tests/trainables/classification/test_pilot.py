"""What attacks on val leave of a classifier whose margins are known."""

import pytest
import torch
from torch import nn

from trainables.classification.assets import LabelledImages
from trainables.classification.measurement import Measurement
from trainables.classification.pilot import RADII, measure_anchor

GREYS = torch.tensor([96, 112, 120, 124, 131, 135, 143, 159])  # 4, 8, 16 and 32 off the middle
MEASUREMENT = Measurement("binary-class", "pgd", (0.0, 0.5), seed=0)


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
    assert measured.radius(0.5, RADII) * 255 == pytest.approx(4.0)
    assert measure_anchor(Brightness(-1.0), val(), MEASUREMENT, "x").survival is None


@pytest.mark.parametrize("score", ["bacc", "auc"])
def test_an_anchor_that_is_right_by_chance_is_not_above_a_constant_answer(score):
    """Five of eight right: half of untrained networks have such a skill, and radii follow it."""
    data, measurement = val(), Measurement("binary", "pgd", (0.0, 0.5), seed=0, score=score)
    more = LabelledImages(data.images.repeat(4, 1, 1, 1), data.labels.repeat(4))
    assert measure_anchor(Brightness(), more, measurement, "x").is_above
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 1, 1])
    lucky = LabelledImages(data.images, labels)
    measured = measure_anchor(Brightness(), lucky, measurement, "x")
    assert measured.survival is not None
    assert not measured.is_above


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
