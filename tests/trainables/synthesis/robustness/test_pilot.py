"""What attacks leave of a network whose error under attack is known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.synthesis.measurement import Measurement, score_subjects
from trainables.synthesis.robustness import pilot as module
from trainables.synthesis.robustness.pilot import RADII, SLICES, measure_anchor
from trainables.synthesis.slices import Split, SubjectSlices, to_hu, to_normalised

CPU = torch.device("cpu")
MEASUREMENT = Measurement("pgd", (0.0, 0.5), seed=0)
BIAS, SLOPE = 150.0, 0.4  # HU too high everywhere; normalised CT by a standard deviation of the MR
SIZE = 6
GROWTH = SLOPE * float(to_hu(torch.tensor(1.0)) - to_hu(torch.tensor(0.0)))  # HU by radius


class Line(nn.Module):
    """Predicts each pixel from itself: an attack adds SLOPE times the radius to every error."""

    def __init__(self, slope=SLOPE, bias=BIAS):
        super().__init__()
        self.slope, self.bias = slope, bias

    def forward(self, images):
        tissue = torch.full_like(images, 300.0)
        tissue[:, :, SIZE // 2 :] = 700.0
        return to_normalised(tissue + self.bias) + self.slope * images


def subject(name, slices=1):
    """A head of two tissues, 300 and 700 HU: the best single grey is off by 200."""
    ct = np.full((slices, SIZE, SIZE), 300, np.int16)
    ct[:, SIZE // 2 :] = 700
    mask = np.ones((slices, SIZE, SIZE), bool)
    return SubjectSlices(name, np.zeros(ct.shape, np.float16), ct, mask)


def val(subjects=1, slices=1):
    return Split(tuple(subject(str(number), slices) for number in range(subjects)))


def survival(eps):
    """An attack adds its growth to every error of BIAS; what lies below 200 HU is skill."""
    return (200 - BIAS - GROWTH * eps) / (200 - BIAS)


def test_a_share_is_what_is_left_of_the_head_mae_that_a_single_grey_has_more():
    measured = measure_anchor(Line(), val(), MEASUREMENT, CPU, "baseline")
    assert measured.name == "baseline"
    expected = [survival(eps) for eps in RADII]
    count = 1 + sum(share > 0.25 for share in expected)  # the first that leaves less is the last
    assert len(measured.survival) == count < len(RADII)
    assert measured.survival == pytest.approx(expected[:count], abs=0.01)
    half = 0.5 * (200 - BIAS) / GROWTH
    assert measured.radius(0.5, RADII) == pytest.approx(half, rel=0.15)


def test_a_network_no_better_than_a_single_grey_is_no_anchor():
    assert measure_anchor(Line(bias=201), val(), MEASUREMENT, CPU, "x").survival is None
    assert measure_anchor(Line(bias=199), val(), MEASUREMENT, CPU, "x").survival is not None


def test_a_network_that_attacks_do_not_move_keeps_all():
    measured = measure_anchor(Line(slope=0.0), val(), MEASUREMENT, CPU, "x")
    assert measured.survival.tolist() == pytest.approx([1.0] * len(RADII))


def test_of_many_slices_the_widest_of_each_subject_are_attacked(monkeypatch):
    sizes = []

    def score(network, split, perturbations, device, size):
        sizes.append(len(split))
        return score_subjects(network, split, perturbations, device, size)

    monkeypatch.setattr(module, "score_subjects", score)
    for slices in (SLICES // 2, SLICES // 2 + 1):
        measure_anchor(Line(), val(2, slices), MEASUREMENT, CPU, "x")
    assert set(sizes) == {SLICES, 2}


def test_radii_double_up_to_two_standard_deviations():
    assert np.allclose(np.diff(np.log2(RADII[1:])), 1)
    assert (RADII[1], RADII[-1]) == (1 / 1024, 2)
