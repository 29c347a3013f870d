"""Radii by a network whose error under attack is known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.metrics.radii import SHARES
from trainables.synthesis.measurement import Measurement
from trainables.synthesis.robustness.pilot import LEAST, RADII, choose_eps
from trainables.synthesis.slices import Split, SubjectSlices, to_hu, to_normalised

CPU = torch.device("cpu")
MEASUREMENT = Measurement("pgd", (0.0, 0.5), seed=0)
BIAS, SLOPE = 50.0, 0.4  # HU too high everywhere; normalised CT by a standard deviation of the MR
SIZE = 6


class Line(nn.Module):
    """Predicts each pixel from itself: an attack adds SLOPE times the radius to every error.

    At random starts farther off than the bias some errors have the other sign, and grow less.
    """

    def __init__(self, slope):
        super().__init__()
        self.slope = slope

    def forward(self, images):
        return to_normalised(torch.tensor(300.0 + BIAS)) + self.slope * images


def val():
    zeros = np.zeros((1, SIZE, SIZE))
    mask = np.ones((1, SIZE, SIZE), bool)
    ct = np.full((1, SIZE, SIZE), 300, np.int16)
    return Split((SubjectSlices("a", zeros.astype(np.float16), ct, mask),))


def test_radii_lie_where_the_clean_error_is_a_share_of_that_under_attack():
    choice = choose_eps(Line(SLOPE), val(), MEASUREMENT, CPU, "baseline")
    growth = SLOPE * float(to_hu(torch.tensor(1.0)) - to_hu(torch.tensor(0.0)))  # HU by radius
    shares = [BIAS / (BIAS + growth * eps) for eps in RADII if growth * eps <= BIAS]
    assert len(shares) == 4
    assert choice.details["kept"][:4] == pytest.approx(shares, rel=1e-3)
    exact = [BIAS * (1 / share - 1) / growth for share in SHARES]
    assert choice.eps[:3] == pytest.approx([0, *exact[:2]], rel=0.1)
    assert choice.eps[3] >= exact[2]
    assert choice.line.endswith("PGD makes the baseline's head MAE 1.3, 2, 4 times the clean one")


def test_a_network_that_attacks_do_not_move_leaves_the_radii_as_they_were():
    choice = choose_eps(Line(0.0), val(), MEASUREMENT, CPU, "baseline")
    assert choice.eps == MEASUREMENT.eps
    assert choice.line == "eps as by default: PGD hardly changes what the baseline predicts on val"
    assert choice.details["kept"] == pytest.approx([1.0] * len(RADII))


def test_radii_double_from_the_least():
    assert RADII[:3] == (0.0, LEAST, 2 * LEAST)
    assert np.allclose(np.diff(np.log2(RADII[1:])), 1)
