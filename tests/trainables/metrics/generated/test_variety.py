"""Spread within a class, beside authentic images."""

import math

import numpy as np
import pytest

from trainables.metrics.generated.variety import (
    grey_ratio,
    lack_of_variety,
    spread_interval,
    spread_ratio,
)
from trainables.metrics.intervals import Interval, wilson

RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 200)


def noisy(deviation):
    """Two classes of different grey, with pixels that vary by a deviation."""
    images = (
        RNG.normal(0, deviation, (400, 6, 6, 1)) + np.where(LABELS, 160, 90)[:, None, None, None]
    )
    return images.round().clip(0, 255).astype(np.uint8), LABELS


def test_half_of_the_deviation_is_half_of_the_spread():
    assert spread_ratio(noisy(6), noisy(12)) == pytest.approx(0.5, abs=0.02)


def test_the_interval_of_the_spread_holds_the_truth_as_often_as_it_says():
    """Images of half the deviation, drawn anew; of 60 draws 95 % are 57."""
    hits = 0
    for seed in range(60):
        interval = spread_interval(noisy(6), noisy(12), seed=seed)
        assert interval.low <= interval.value <= interval.high
        hits += interval.low <= 0.5 <= interval.high
    assert hits >= 52
    nothing = np.zeros((4, 6, 6, 1), dtype=np.uint8), np.zeros(4, dtype=np.int64)
    assert math.isnan(spread_interval(nothing, nothing).low)


def test_a_difference_between_classes_is_no_spread():
    collapsed = np.where(LABELS, 160, 90).astype(np.uint8)[:, None, None, None]
    images = np.broadcast_to(collapsed, (400, 6, 6, 1))
    assert spread_ratio((images, LABELS), noisy(12)) == 0


def test_brightness_that_leaks_widens_the_grey():
    images, labels = noisy(4)
    shifted = images.astype(int) + RNG.integers(-30, 31, (400, 1, 1, 1))
    leaked = shifted.clip(0, 255).astype(np.uint8), labels
    assert grey_ratio(leaked, (images, labels)) > 5
    assert grey_ratio((images, labels), (images, labels)) == 1


def test_images_without_spread_have_no_ratio():
    flat = np.zeros((4, 2, 2, 1), np.uint8), np.zeros(4, np.int64)
    assert math.isnan(spread_ratio(flat, flat))


@pytest.mark.parametrize(
    ("spread", "recall", "attainable", "lacks"),
    [
        (0.9, wilson(40, 50), 0.8, False),
        (0.9, wilson(0, 50), 0.76, True),  # nothing of 50 held-out images is among its own
        (0.9, wilson(0, 6), 0.7, False),  # of 6 that may be chance
        (0.9, wilson(0, 50), 0.1, False),  # training images cover as little
        (0.2, wilson(40, 50), 0.8, True),
        (math.nan, wilson(40, 50), 0.8, True),
        (0.9, Interval(math.nan, math.nan, math.nan), math.nan, False),  # too few for balls
    ],
)
def test_what_lacks_variety(spread, recall, attainable, lacks):
    assert (lack_of_variety(spread, [(recall, attainable)]) > 0) == lacks
    assert (lack_of_variety(spread, [(wilson(9, 10), 0.9), (recall, attainable)]) > 0) == lacks


def test_without_a_recall_the_spread_decides():
    assert lack_of_variety(0.2, []) > 0 > lack_of_variety(0.4, [])
