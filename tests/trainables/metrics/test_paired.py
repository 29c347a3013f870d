import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from trainables.metrics.paired import compare, least_p


def p_of(differences):
    return compare(np.array(differences, dtype=float), np.zeros(len(differences)), 1, "min").p


@pytest.mark.parametrize("n", [1, 2, 5, 7, 12, 30])
def test_without_ties_it_is_scipy_s_exact_test(n):
    rng = np.random.default_rng(n)
    for _ in range(5):
        differences = rng.normal(0.5, 1, n)
        assert p_of(differences) == pytest.approx(wilcoxon(differences, method="exact").pvalue)


def by_enumeration(differences):
    """Try every sign of every difference that is not 0, (2 ** n cases)."""
    changes = differences[differences != 0]
    ranks = rankdata(np.abs(changes))
    statistic = ranks[changes > 0].sum()
    sums = np.array(
        [ranks[list(signs)].sum() for signs in product([False, True], repeat=len(changes))]
    )
    return min(1.0, 2 * min((sums <= statistic).mean(), (sums >= statistic).mean()))


def test_with_ties_and_zeros_it_counts_the_cases():
    rng = np.random.default_rng(0)
    for n in (3, 6, 9):
        for _ in range(4):
            differences = rng.integers(-2, 5, n).astype(float)
            assert p_of(differences) == pytest.approx(by_enumeration(differences))


def test_ties_of_few_subjects_do_not_promise_too_much():
    tied = np.array([1.0, 1.0, 2.0, 3.0, 4.0])
    assert wilcoxon(tied, method="asymptotic").pvalue < 0.05
    assert p_of(tied) == least_p(5) == 0.0625


def test_for_many_subjects_it_is_the_normal_approximation():
    differences = np.random.default_rng(1).integers(-9, 11, 200).astype(float)
    oracle = wilcoxon(differences, method="asymptotic").pvalue
    assert 0.001 < oracle < 0.999
    assert p_of(differences) == pytest.approx(oracle, rel=0.02)


def test_the_null_hypothesis_is_rejected_no_more_often_than_allowed():
    rng = np.random.default_rng(2)
    p = np.array([p_of(rng.integers(-3, 4, 8)) for _ in range(1500)])
    for level in (0.05, 0.2):
        # Three standard errors of the simulation.
        assert (p <= level).mean() <= level + 3 * math.sqrt(level * (1 - level) / len(p))
    assert (p <= 0.2).mean() > 0.08


def test_the_least_p_of_seven_subjects_and_three_comparisons():
    a = np.arange(1.0, 8.0)
    comparison = compare(a, np.zeros(7), 3, "max")
    assert comparison.p == least_p(7) == 2 / 2**7
    assert comparison.p_adjusted == pytest.approx(0.047, abs=5e-4)
    assert comparison.verdict == "better"
    a[0] *= -1  # one of the seven moves the other way, the least of them
    assert compare(a, np.zeros(7), 3, "max").verdict == "not distinguishable"


def test_the_least_p_is_a_probability():
    assert [least_p(n) for n in (0, 1, 2, 3)] == [1, 1, 0.5, 0.25]
    assert least_p(5000) == 0


def test_differences_by_hand():
    a, b = np.array([3.0, 5.0, 10.0, 4.0]), np.array([2.0, 1.0, 1.0, 6.0])
    comparison = compare(a, b, 2, "min")
    assert (comparison.median_difference, comparison.mean_difference) == (2.5, 3.0)
    assert comparison.n == 4
    assert comparison.effect == pytest.approx((1 + 3 + 4 - 2) / 10)
    # Sums of at least 8 of 10: 3 of 16 cases, two-sided.
    assert comparison.p == pytest.approx(0.375)
    assert comparison.p_adjusted == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("direction", "sign", "verdict"),
    [("max", 1, "better"), ("max", -1, "worse"), ("min", 1, "worse"), ("min", -1, "better")],
)
def test_a_verdict_takes_the_direction(direction, sign, verdict):
    a, b = sign * np.arange(1.0, 11.0), np.zeros(10)
    assert compare(a, b, 1, direction).verdict == verdict
    assert compare(b, a, 1, direction).verdict == {"better": "worse", "worse": "better"}[verdict]
    assert compare(a, b, 1000, direction).verdict == "not distinguishable"


def test_a_verdict_does_not_need_the_median_to_move():
    a = np.concatenate([np.zeros(9), np.arange(1.0, 9.0)])
    comparison = compare(a, np.zeros(17), 1, "min")
    assert comparison.median_difference == 0
    assert comparison.verdict == "worse"


def test_identical_scores_are_not_distinguishable():
    a = np.arange(6.0)
    comparison = compare(a, a.copy(), 3, "max")
    assert (comparison.p, comparison.p_adjusted, comparison.effect, comparison.n) == (1, 1, 0, 6)
    assert comparison.verdict == "not distinguishable"


def test_pairs_with_nan_are_left_out_and_counted():
    a = np.array([1.0, math.nan, 3.0, 4.0])
    b = np.array([0.0, 1.0, math.nan, 1.0])
    comparison = compare(a, b, 1, "max")
    assert (comparison.n, comparison.dropped) == (2, 2)
    assert comparison.mean_difference == 2
    assert comparison.p == 0.5


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_nobody_to_compare(values):
    comparison = compare(np.array(values), np.array(values), 1, "max")
    assert (comparison.n, comparison.dropped, comparison.p) == (0, len(values), 1)
    assert math.isnan(comparison.mean_difference)
    assert math.isnan(comparison.median_difference)
    assert comparison.verdict == "not distinguishable"


def test_one_subject_proves_nothing():
    comparison = compare(np.array([9.0]), np.array([1.0]), 1, "max")
    assert (comparison.n, comparison.p, comparison.effect) == (1, 1, 1)


def test_pairs_and_comparisons_must_be_there():
    with pytest.raises(ValueError, match="not pairs"):
        compare(np.zeros(3), np.zeros(4), 1, "max")
    with pytest.raises(ValueError, match="0 comparisons"):
        compare(np.zeros(3), np.zeros(3), 0, "max")
