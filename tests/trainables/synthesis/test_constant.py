"""Answers without a network: known ones, and that no grey is better than the best."""

import math

import numpy as np
import pytest
import torch

from trainables.models.intensity_map import IntensityMap
from trainables.synthesis.constant import (
    ByIntensity,
    OneGrey,
    best_grey,
    constant_error,
    constant_errors,
    lost_skill,
)
from trainables.synthesis.slices import Split, SubjectSlices, to_hu


def subject(values, mask=None):
    ct = np.array(values, dtype=np.int16).reshape(1, 1, -1)
    inside = np.ones(ct.shape, bool) if mask is None else np.array(mask, bool).reshape(ct.shape)
    return SubjectSlices("s", ct.astype(np.float16), ct, inside)


def test_the_best_grey_of_one_subject_is_the_median_of_its_head():
    split = Split((subject([-1000, 10, 40, 900], [0, 1, 1, 1]),))
    assert best_grey(split) == 40
    assert constant_errors(split).tolist() == [pytest.approx((30 + 860) / 3)]


def test_every_subject_weighs_alike_however_many_voxels_it_has():
    split = Split((subject([0] * 9), subject([100]), subject([100])))
    assert best_grey(split) == 100
    assert constant_error(split) == pytest.approx(100 / 3)


def test_no_other_grey_is_better():
    rng = np.random.default_rng(0)
    split = Split(tuple(subject(rng.integers(-1000, 1500, 50)) for _ in range(5)))

    def error(grey):
        return np.mean([np.abs(item.ct.astype(float) - grey).mean() for item in split.subjects])

    assert constant_error(split) == pytest.approx(min(error(grey) for grey in range(-1000, 1500)))


@pytest.mark.parametrize(
    ("clean", "disturbed", "lost"),
    [(100, 120, 0.1), (100, 100, 0), (100, 90, -0.05), (100, 400, 1.5), (300, 310, 1)],
)
def test_disturbances_take_a_share_of_what_lies_below_one_grey(clean, disturbed, lost):
    assert lost_skill(clean, disturbed, 300) == pytest.approx(lost)


def test_a_network_that_diverged_has_no_skill_to_lose():
    assert lost_skill(math.nan, math.nan, 300) == 1


def test_one_grey_answers_so_whatever_the_mr_and_attacks_have_no_gradient():
    mr = torch.randn(2, 3, 4, 4, requires_grad=True)
    ct = OneGrey(40)(mr)
    assert ct.shape == (2, 1, 4, 4)
    assert torch.allclose(to_hu(ct), torch.tensor(40.0), atol=1e-3)
    ct.sum().backward()
    assert not mr.grad.any()


def test_an_intensity_has_its_mean_ct_and_between_them_a_slope_that_attacks_follow():
    """Three bins of -5 to 10 with middles at -2.5, 2.5 and 7.5."""
    network = ByIntensity(IntensityMap(ct=np.array([-1000, 0, 40], dtype=np.float32)))
    values = torch.tensor([-9.0, -2.5, 0.0, 2.5, 5.0, 7.5, 9.0])
    mr = torch.stack([torch.zeros(7), values, torch.ones(7)])[None, :, None].requires_grad_()
    ct = network(mr)
    assert ct.shape == (1, 1, 1, 7)
    torch.testing.assert_close(
        to_hu(ct).flatten(), torch.tensor([-1000.0, -1000, -500, 0, 20, 40, 40]), atol=1e-3, rtol=0
    )
    (gradient,) = torch.autograd.grad(to_hu(ct).sum(), mr)
    assert not gradient[0, [0, 2]].any(), "the slices beside it are not looked at"
    slopes = gradient[0, 1, 0].tolist()
    assert slopes[0] == slopes[-1] == 0
    assert slopes[2] == pytest.approx(200)
    assert slopes[4] == pytest.approx(8)
