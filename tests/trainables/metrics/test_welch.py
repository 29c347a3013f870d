"""Estimates whose variance has several sources."""

import math

import numpy as np
import pytest
from scipy import stats

from trainables.metrics.welch import (
    LEVEL,
    UNKNOWN,
    Component,
    at_look,
    corrected,
    estimate,
    estimate_difference,
    estimate_recipe,
    half_width,
    image_component,
    interval_component,
    seed_component,
    total,
)


@pytest.mark.parametrize("counts", [(5, 5), (3, 9), (2, 2)])
def test_two_samples_are_welch_s_test(counts):
    generator = np.random.default_rng(0)
    a, b = (generator.normal(0.3 * n, 1 + n, count) for n, count in enumerate(counts))
    oracle = stats.ttest_ind(a, b, equal_var=False)
    result = estimate(a.mean() - b.mean(), [seed_component(a), seed_component(b)])
    assert result.p == pytest.approx(oracle.pvalue)
    assert result.df == pytest.approx(oracle.df)
    assert (result.low, result.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)))


@pytest.mark.parametrize("value", np.linspace(-3.5, 3.5, 57).tolist())
@pytest.mark.parametrize("comparisons", [1, 3])
@pytest.mark.parametrize("direction", ["max", "min"])
@pytest.mark.parametrize("apart", [False, True])
def test_interval_p_and_verdict_never_contradict(value, comparisons, direction, apart):
    parts = [Component(0.7, 6), Component(0.3, 100)]
    result = estimate(value, parts, comparisons, apart=apart)
    told = result.verdict(direction) != "not distinguishable"
    assert told == (result.low > 0 or result.high < 0) == (result.p * comparisons < 0.05)
    if told:
        better = (value > 0) == (direction == "max")
        assert result.verdict(direction) == ("better" if better else "worse")
    assert result.low < value < result.high


def test_of_several_the_level_is_bonferroni_s():
    result = estimate(1.0, [Component(1.0, 8)], 4)
    assert result.level == pytest.approx(1 - 0.05 / 4)
    assert result.high - 1 == pytest.approx(stats.t.ppf(1 - 0.05 / 8, 8))


def test_a_source_that_is_unknown_leaves_no_verdict():
    result = estimate(1.0, [Component(0.1, 4), UNKNOWN])
    assert math.isnan(result.low)
    assert math.isnan(result.p)
    assert result.verdict("max") == "not distinguishable"
    assert total([UNKNOWN]) is UNKNOWN
    assert seed_component(np.array([0.3])) is UNKNOWN


def test_what_never_varies_is_what_it_is():
    nothing = [Component(0.0, 4), Component(0.0, 9)]
    assert estimate(0.0, nothing).verdict("max") == "not distinguishable"
    assert estimate(0.2, nothing).verdict("max") == "better"
    assert estimate(0.2, nothing).p == 0


def test_degrees_of_freedom_lie_between_the_fewest_and_the_sum():
    assert total([Component(1.0, 4), Component(1.0, 4)]).df == pytest.approx(8)
    assert total([Component(1.0, 4), Component(1e-9, 100)]).df == pytest.approx(4)
    assert total([Component(1.0, math.inf)]).df > 1e8


def test_half_widths_of_sources_are_added_in_quadrature():
    parts = [Component(0.04, 2), Component(0.01, math.inf)]
    expected = math.hypot(0.2 * stats.t.ppf(0.975, 2), 0.1 * stats.norm.ppf(0.975))
    assert half_width(parts, 0.95) == pytest.approx(expected)
    assert math.isnan(half_width([*parts, UNKNOWN], 0.95))


def test_intervals_of_few_trainings_hold_at_the_level_of_many_comparisons():
    """Two recipes of three trainings: by one number of degrees of freedom, twice as many err."""
    generator, runs, level = np.random.default_rng(0), 6_000, corrected(5)
    wrong = {"apart": 0, "together": 0}
    for _ in range(runs):
        pair = generator.normal(0, 0.1, (2, 3)) + generator.normal(0, 0.03, (2, 1))
        seeds, images = total([seed_component(row) for row in pair]), Component(0.0018, math.inf)
        gap = pair[0].mean() - pair[1].mean()
        wrong["apart"] += abs(gap) > half_width([seeds, images], level)
        wrong["together"] += estimate(gap, [seeds, images], 5).excludes_zero
    assert wrong["apart"] / runs <= 0.01 < wrong["together"] / runs


def test_who_adds_seeds_until_something_is_told_apart_errs_in_ten_per_cent_at_most():
    """Six looks at two equal recipes; at the level of a single look they err in twice as many."""
    generator, runs = np.random.default_rng(0), 2_000
    wrong = {"paid": 0, "free": 0}
    for _ in range(runs):
        first, second = generator.normal(size=(2, 16))
        looks = list(enumerate(range(6, 17, 2), start=1))

        def differs(count, comparisons, pair=(first, second)):
            cut = (pair[0][:count], pair[1][:count])
            exact = Component(0.0, math.inf)  # no images
            return estimate_difference(cut, exact, comparisons, paired=True).excludes_zero

        wrong["paid"] += any(differs(count, at_look(1, look)) for look, count in looks)
        wrong["free"] += any(differs(count, 1) for _, count in looks)
    assert wrong["paid"] / runs <= 0.1 < wrong["free"] / runs


def test_however_often_test_was_opened_intervals_end():
    pair = np.array([0.1, 0.2, 0.3, 0.2]), np.array([0.2, 0.2, 0.4, 0.3])
    looked = estimate_difference(pair, Component(0.01, 100), at_look(20, 1000))
    assert looked.level < 1
    assert math.isfinite(looked.high - looked.low)


def test_of_sources_apart_the_interval_at_the_level_of_p_ends_at_zero():
    parts = [Component(0.04, 2), Component(0.01, math.inf)]
    result = estimate(0.9, parts, apart=True)
    assert half_width(parts, 1 - result.p) == pytest.approx(0.9)
    assert result.high - 0.9 == pytest.approx(half_width(parts, LEVEL))
    assert estimate(1e6, [Component(1.0, math.inf)] * 2, apart=True).p == 0
    assert estimate(0.0, parts, apart=True).p == 1
    alone = [estimate(0.3, [Component(0.01, 5)], apart=apart) for apart in (False, True)]
    assert alone[0] == alone[1]


@pytest.mark.parametrize("count", [2, 3])
def test_a_recipe_of_few_trainings_holds_what_it_says(count):
    """Ten equal rivals on the same images: with 2 and 3 trainings, 12 and 6 % by one variance."""
    generator, runs, wrong, covered = np.random.default_rng(1), 500, 0, 0
    images = Component(0.05**2 / 2, 200)
    for _ in range(runs):
        shifts = generator.normal(0, 0.05 / 2, (11, 1))
        values = generator.normal(0, 0.1, (11, count)) + shifts
        gaps = [estimate_difference((values[0], rival), images, 10) for rival in values[1:]]
        wrong += any(gap.excludes_zero for gap in gaps)
        single = estimate_recipe(values[0].mean(), values[0], Component(0.05**2 / 4, 200))
        covered += single.low <= 0 <= single.high
    assert wrong / runs <= 0.05
    assert covered / runs >= 0.94


def test_images_count_within_their_classes():
    moved, labels = np.array([1.0, 3.0, -2.0, 2.0, 0.0]), np.array([0, 0, 1, 1, 1])
    part = image_component(moved, labels)
    assert part.variance == pytest.approx(2 / 2 + 4 / 3)
    assert 1 < part.df < 3


def test_a_class_of_one_image_varies_as_the_others_do():
    moved = np.array([1.0, 3.0, -2.0, 2.0, 0.0, 9.0])
    part = image_component(moved, np.array([0, 0, 1, 1, 1, 2]))
    assert part.variance == pytest.approx(2 / 2 + 4 / 3 + (2 + 8) / 3)
    assert image_component(np.zeros(2), np.array([0, 1])) is UNKNOWN


def test_an_image_of_parts_is_added_to_each_class_of_right_and_wrong_answers():
    """Three that are all right vary as four of whom half of one is wrong; a class of one, too."""
    moved, labels = np.zeros(4), np.array([0, 0, 0, 1])
    part = image_component(moved, labels, np.array([[-1.0, -1.0], [0.0, 0.0]]))
    weights = np.array([3, 0.5, 0.5])
    variances = []
    for weight in (weights, [1, 0.5, 0.5]):
        values, count = np.array([0, -1, 0]), sum(weight)
        squares = np.dot(weight, (values - np.average(values, weights=weight)) ** 2)
        variances.append(Component(squares / (count - 1) / count, count - 1))
    assert part == pytest.approx(total(variances))
    assert image_component(moved, labels, np.empty((0, 2))) == image_component(moved, labels)


def test_the_variance_behind_a_normal_interval_gives_its_width_again():
    component = interval_component(0.3)
    assert 2 * half_width([component], LEVEL) == pytest.approx(0.3)
    estimated = estimate(0.0, [component])
    assert estimated.high - estimated.low == pytest.approx(0.3)
