"""Copies, mirrored ones, and generators that do not copy: the alarm is as rare as it says."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from trainables.metrics.generated.copies import find_copies, nearest


def test_the_nearest_training_image_may_be_mirrored():
    rng = np.random.default_rng(0)
    training = rng.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    images = np.stack(
        [training[4], training[2][::-1], training[1][:, ::-1], training[5][::-1, ::-1]]
    )
    distances, positions = nearest(images, training)
    assert positions.tolist() == [4, 2, 1, 5]
    assert np.allclose(distances, 0)


def test_distances_are_root_mean_squares_of_the_range():
    black, grey = np.zeros((1, 4, 4, 1), np.uint8), np.full((1, 4, 4, 1), 51, np.uint8)
    assert nearest(grey, black)[0] == pytest.approx([0.2])


def test_an_alarm_is_rare_for_a_generator_that_does_not_copy():
    """The threshold of few held-out images is random, and the alarm knows."""
    rng = np.random.default_rng(1)
    for held_out in (20, 39, 78):
        alarms = [
            find_copies(rng.normal(size=400), rng.normal(size=held_out)).excess > 0
            for _ in range(600)
        ]
        assert np.mean(alarms) <= 0.02, held_out


def test_a_tenth_of_copies_is_not_yet_told_and_a_half_is():
    rng = np.random.default_rng(2)
    held_out, honest = rng.uniform(1, 2, 78), rng.uniform(1, 2, 200)
    copied = np.concatenate([honest, np.zeros(200)])
    report = find_copies(copied, held_out)
    assert report.excess > 0
    assert report.share.value == pytest.approx(0.5 + 0.5 * (honest < report.threshold).mean())
    assert report.share.low < report.share.value < report.share.high
    assert report.z < -3
    assert find_copies(honest, held_out).excess <= 0


def test_the_expected_share_is_that_of_the_order_statistic():
    rng = np.random.default_rng(3)
    reports = [find_copies(rng.normal(size=200), rng.normal(size=39)) for _ in range(400)]
    assert reports[0].expected == pytest.approx(2 / 40)
    assert np.mean([report.share.value for report in reports]) == pytest.approx(2 / 40, abs=0.006)


def test_the_rank_test_is_that_of_scipy_and_ties_give_no_nan():
    rng = np.random.default_rng(4)
    first, second = rng.integers(0, 9, 30).astype(float), rng.integers(2, 12, 25).astype(float)
    z = find_copies(first, second).z
    p = mannwhitneyu(first, second, use_continuity=False, method="asymptotic").pvalue
    assert 2 * norm.sf(abs(z)) == pytest.approx(p)
    assert z < 0
    assert find_copies(np.ones(5), np.ones(4)).z == 0
