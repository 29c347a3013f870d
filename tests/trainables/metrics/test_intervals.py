import math

import numpy as np
import pytest
from scipy.stats import binomtest

from trainables.metrics import intervals
from trainables.metrics.classification import auc, mean_recall
from trainables.metrics.curve import area

GRID = tuple(n / 255 for n in (0, 1, 2, 4, 8))
# How probable a right answer is at each radius, by class.
TRUTH = np.array([[0.9, 0.8, 0.6, 0.4, 0.1], [0.7, 0.6, 0.5, 0.2, 0.2]])
AREA = float(np.mean([area(GRID, curve) for curve in TRUTH]))


def draw(rng, counts=(40, 90), shift=0.0):
    """Draw images whose answers turn wrong at some radius and stay so, (E, N), and labels."""
    labels = np.repeat([0, 1], counts)
    luck = rng.random(len(labels))
    return luck < TRUTH[labels].T - shift, labels


def test_the_value_is_the_area_of_balanced_accuracies():
    right, labels = draw(np.random.default_rng(0))
    bacc = [np.mean([r[labels == c].mean() for c in (0, 1)]) for r in right]
    interval = intervals.curve_interval(right, labels, GRID, seed=0)
    assert interval.value == pytest.approx(area(GRID, bacc))
    assert interval.low < interval.value < interval.high


def test_it_is_the_slow_bootstrap_done_fast():
    right, labels = draw(np.random.default_rng(1))

    def slow(rows):
        return area(GRID, mean_recall(right[:, rows], labels[rows]))

    quick = intervals.curve_interval(right, labels, GRID, seed=0, resamples=20_000)
    plain = intervals.bootstrap(slow, labels, seed=0, resamples=3000)
    assert quick.value == pytest.approx(plain.value)
    # A 2.5 % quantile of 3000 draws is known to about 0.05 deviations, 0.013 of the width.
    width = quick.high - quick.low
    assert quick.low == pytest.approx(plain.low, abs=0.05 * width)
    assert quick.high == pytest.approx(plain.high, abs=0.05 * width)


def test_nine_truths_in_ten_are_covered_at_ninety_percent_and_so_on():
    rng = np.random.default_rng(2)
    n, hits = 1000, {0.95: 0, 0.8: 0}
    for seed in range(n):
        right, labels = draw(rng)
        for level in hits:
            interval = intervals.curve_interval(
                right, labels, GRID, seed=seed, resamples=400, level=level
            )
            hits[level] += interval.low <= AREA <= interval.high
    # Three standard errors of the simulation are 0.02 and 0.04.
    assert hits[0.95] / n == pytest.approx(0.945, abs=0.02)
    assert hits[0.8] / n == pytest.approx(0.795, abs=0.04)


def test_a_difference_on_the_same_images_is_covered_and_narrower_than_unpaired():
    rng = np.random.default_rng(3)
    n, hits, widths, single_widths = 500, 0, [], []
    for seed in range(n):
        labels = np.repeat([0, 1], (40, 90))
        luck = rng.random(len(labels))
        a, b = (luck < TRUTH[labels].T - shift for shift in (0.0, 0.1))
        interval = intervals.paired_difference(a, b, labels, GRID, seed=seed, resamples=400)
        hits += interval.low <= 0.1 <= interval.high
        widths.append(interval.high - interval.low)
        single = intervals.curve_interval(a, labels, GRID, seed=seed, resamples=400)
        single_widths.append(single.high - single.low)
    assert hits / n == pytest.approx(0.945, abs=0.03)
    assert np.mean(widths) < np.mean(single_widths)


def test_a_difference_is_antisymmetric_and_zero_to_itself():
    rng = np.random.default_rng(4)
    a, labels = draw(rng)
    b, _ = draw(rng)
    forward = intervals.paired_difference(a, b, labels, GRID, seed=0, resamples=20_000)
    backward = intervals.paired_difference(b, a, labels, GRID, seed=1, resamples=20_000)
    areas = [intervals.curve_interval(x, labels, GRID, seed=0).value for x in (a, b)]
    assert forward.value == pytest.approx(areas[0] - areas[1])
    assert forward.value == pytest.approx(-backward.value)
    assert forward.low == pytest.approx(-backward.high, abs=0.005)
    assert intervals.paired_difference(a, a, labels, GRID, seed=0) == (0, 0, 0)


def test_classes_are_resampled_within():
    """A classifier that knows one class only has no variance left."""
    labels = np.repeat([0, 1], [5, 50])
    right = np.tile(labels == 1, (5, 1))
    interval = intervals.curve_interval(right, labels, GRID, seed=0)
    assert interval == pytest.approx((0.5, 0.5, 0.5))


def test_a_seed_decides():
    right, labels = draw(np.random.default_rng(5))
    first, again, variant = (
        intervals.curve_interval(right, labels, GRID, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != variant


def test_the_slow_way_covers_an_auc_s_truth():
    rng, hits, n = np.random.default_rng(6), 0, 150
    labels = np.repeat([0, 1], [30, 50])
    truth = 0.5 * (1 + math.erf(1 / 2))  # of unit normals one deviation apart
    for seed in range(n):
        score = rng.standard_normal(80) + labels
        p = np.stack([-score, score], axis=1)
        interval = intervals.bootstrap(
            lambda rows, p=p: auc("binary", p[rows], labels[rows]), labels, seed=seed, resamples=100
        )
        hits += interval.low <= truth <= interval.high
    assert hits / n == pytest.approx(0.935, abs=0.055)


def test_multi_label_data_are_resampled_as_a_whole_and_nan_left_out():
    labels = np.array([[0, 1], [1, 0], [0, 0]])
    samples = []

    def statistic(rows):
        samples.append(tuple(sorted(rows.tolist())))
        return math.nan if len(set(rows.tolist())) < 2 else float(rows.mean())

    interval = intervals.bootstrap(statistic, labels, seed=0, resamples=60)
    assert (0, 0, 0) in samples
    assert len(set(samples)) == 10  # every multiset of three
    assert interval.value == 1
    assert 0 < interval.low < 1 < interval.high < 2


def test_no_defined_resample_gives_no_bounds():
    interval = intervals.bootstrap(lambda _: math.nan, np.array([0, 1]), seed=0, resamples=5)
    assert all(math.isnan(value) for value in interval)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (114, 156)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_is_scipy_s(successes, trials, level):
    oracle = binomtest(successes, trials).proportion_ci(level, method="wilson")
    interval = intervals.wilson(successes, trials, level)
    assert interval == pytest.approx((successes / trials, oracle.low, oracle.high))


def test_wilson_of_nothing_is_everything():
    interval = intervals.wilson(0, 0)
    assert math.isnan(interval.value)
    assert (interval.low, interval.high) == (0, 1)


def test_errors_have_a_curve_as_answers_do():
    """Per-subject MAE along the radii: one class, so the area is that of the plain mean."""
    rng = np.random.default_rng(7)
    errors, subjects = 100 + 30 * rng.random((5, 12)), np.zeros(12, dtype=int)
    interval = intervals.curve_interval(errors, subjects, GRID, seed=0)
    assert interval.value == pytest.approx(area(GRID, errors.mean(axis=1)))
    assert interval.low < interval.value < interval.high


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_differences_of_errors_keep_their_size(kind):
    """Beyond what eight bits hold, and between whole numbers."""
    b = np.arange(60).reshape(5, 12).astype(kind)
    a = (3 * b + 300).astype(kind)
    interval = intervals.paired_difference(a, b, np.zeros(12, dtype=int), GRID, seed=0)
    assert interval.value == pytest.approx(area(GRID, (2.0 * b + 300).mean(axis=1)))
    half = (b / 2).astype(np.float64)
    interval = intervals.paired_difference(b, half, np.zeros(12, dtype=int), GRID, seed=0)
    assert interval.value == pytest.approx(area(GRID, b.mean(axis=1) / 2))
    assert interval.low < interval.value < interval.high


def test_an_interval_of_a_mean_is_the_slow_bootstrap_s():
    values = np.random.default_rng(8).gamma(2, 50, 25)
    quick = intervals.mean_interval(values, 0, resamples=20_000)
    plain = intervals.bootstrap(
        lambda rows: float(values[rows].mean()), np.zeros(25, dtype=int), seed=1, resamples=4000
    )
    width = plain.high - plain.low
    assert quick.value == pytest.approx(values.mean())
    assert quick.low == pytest.approx(plain.low, abs=0.05 * width)
    assert quick.high == pytest.approx(plain.high, abs=0.05 * width)


def test_an_interval_of_a_mean_covers_it():
    rng, n, hits = np.random.default_rng(9), 600, {0.95: 0, 0.8: 0}
    for seed in range(n):
        values = rng.normal(200, 30, 30)
        for level in hits:
            interval = intervals.mean_interval(values, seed, resamples=400, level=level)
            hits[level] += interval.low <= 200 <= interval.high
    assert hits[0.95] / n == pytest.approx(0.94, abs=0.03)
    assert hits[0.8] / n == pytest.approx(0.785, abs=0.05)


def test_subjects_without_the_region_are_left_out_of_a_mean():
    values = np.array([3.0, math.nan, 5.0, 10.0])
    assert intervals.mean_interval(values, 0) == intervals.mean_interval(values[[0, 2, 3]], 0)
    assert intervals.mean_interval(values, 0).value == 6


def test_one_subject_says_nothing_of_others():
    interval = intervals.mean_interval(np.array([math.nan, 7.0]), 0)
    assert interval.value == 7
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert all(map(math.isnan, intervals.mean_interval(np.array([math.nan]), 0)))
