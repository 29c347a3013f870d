"""Two models on the same subjects."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_rel

from trainables.metrics.paired import compare, compare_recipes


@pytest.mark.parametrize("count", [2, 5, 18])
def test_it_is_the_paired_t_test(count):
    generator = np.random.default_rng(count)
    a, b = generator.normal(100, 10, count), generator.normal(95, 10, count)
    comparison, oracle = compare(a, b, 1, "min"), ttest_rel(a, b)
    gap = comparison.difference
    assert gap.value == pytest.approx((a - b).mean())
    assert gap.p == comparison.p_adjusted == pytest.approx(oracle.pvalue)
    assert (gap.low, gap.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)))


@pytest.mark.parametrize(("direction", "verdict"), [("max", "better"), ("min", "worse")])
def test_the_verdict_follows_the_direction_and_the_order(direction, verdict):
    generator = np.random.default_rng(0)
    b = generator.normal(100, 20, 12)
    a = b + generator.normal(5, 1, 12)
    assert compare(a, b, 1, direction).verdict == verdict
    assert compare(b, a, 1, direction).verdict == {"better": "worse", "worse": "better"}[verdict]


def test_a_verdict_never_contradicts_its_number():
    """Most subjects are a little worse and one is far better: ranks said worse, the mean better."""
    gains = np.array([-1.0, -1.1, -0.9, -1.2, -0.8, -1.05, -0.95, -1.15, 40.0])
    comparison = compare(gains, np.zeros(9), 1, "max")
    assert comparison.difference.value > 0
    assert comparison.verdict != "worse"
    for shift in np.linspace(-3, 3, 41):
        comparison = compare(gains[:8] + shift, np.zeros(8), 3, "max")
        gap = comparison.difference
        verdict = "not distinguishable"
        if gap.low > 0 or gap.high < 0:
            verdict = "better" if gap.value > 0 else "worse"
        assert comparison.verdict == verdict
        assert (comparison.p_adjusted < 0.05) == (verdict != "not distinguishable")


def test_more_comparisons_ask_for_more():
    generator = np.random.default_rng(1)
    a = generator.normal(1.0, 1.2, 8)
    alone, among = (compare(a, np.zeros(8), count, "max") for count in (1, 1000))
    assert alone.verdict == "better"
    assert among.verdict == "not distinguishable"
    assert among.p_adjusted == pytest.approx(min(1, 1000 * alone.difference.p))
    assert among.difference.level == pytest.approx(1 - 0.05 / 1000)


def test_equal_scores_cannot_be_told_apart():
    a = np.array([1.0, 2.0, 3.0])
    comparison = compare(a, a.copy(), 3, "max")
    assert (comparison.difference.value, comparison.p_adjusted) == (0, 1)
    assert comparison.verdict == "not distinguishable"


def test_subjects_without_a_score_are_dropped():
    a = np.array([1.0, math.nan, 3.0, 4.0])
    b = np.array([0.0, 1.0, math.nan, 2.0])
    comparison = compare(a, b, 1, "max")
    assert (comparison.n, comparison.dropped) == (2, 2)
    assert comparison.difference.value == 1.5


@pytest.mark.parametrize("scores", [[], [math.nan], [9.0]])
def test_one_subject_or_none_says_nothing(scores):
    comparison = compare(np.array(scores), np.ones(len(scores)), 1, "max")
    assert math.isnan(comparison.p_adjusted)
    assert comparison.verdict == "not distinguishable"


def test_what_does_not_pair_is_refused():
    with pytest.raises(ValueError, match="are not pairs"):
        compare(np.zeros(3), np.zeros(4), 1, "max")
    with pytest.raises(ValueError, match="expected at least 1"):
        compare(np.zeros(3), np.zeros(3), 0, "max")


def test_recipes_whose_trainings_are_alike_are_compared_as_models():
    generator = np.random.default_rng(2)
    a, b = generator.normal(100, 10, 9), generator.normal(95, 10, 9)
    models, recipes = (
        compare(a, b, 2, "min"),
        compare_recipes(np.tile(a, (3, 1)), np.tile(b, (2, 1)), 2, "min"),
    )
    assert recipes.difference.value == pytest.approx(models.difference.value)
    assert recipes.difference.low == pytest.approx(models.difference.low)


def test_equal_recipes_are_rarely_told_apart_where_single_trainings_are_often():
    generator = np.random.default_rng(3)
    false = {"models": 0, "recipes": 0}
    for _ in range(400):
        subjects = generator.normal(100, 20, 18)
        a, b = (
            subjects + generator.normal(0, 2, (3, 1)) + generator.normal(0, 2, (3, 18))
            for _ in "ab"
        )
        false["models"] += compare(a[0], b[0], 1, "min").verdict != "not distinguishable"
        false["recipes"] += compare_recipes(a, b, 1, "min").verdict != "not distinguishable"
    assert false["models"] > 0.4 * 400
    assert false["recipes"] <= 0.08 * 400  # 5 %, and what 400 simulations add by chance


def test_a_subject_without_a_score_in_one_training_is_left_out():
    a = np.array([[1.0, 2.0, 3.0, 9.0], [1.5, 2.5, 3.5, np.nan]])
    comparison = compare_recipes(a, np.zeros((2, 4)), 1, "min")
    assert (comparison.n, comparison.dropped) == (3, 1)
    assert comparison.difference.value == pytest.approx(2.25)


@pytest.mark.parametrize("shapes", [((1, 4), (2, 4)), ((2, 4), (2, 3)), ((4,), (4,))])
def test_what_are_no_trainings_of_two_recipes_is_refused(shapes):
    with pytest.raises(ValueError, match="are not trainings of two recipes"):
        compare_recipes(*(np.zeros(shape) for shape in shapes), 1, "min")
