import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from search.engine.agreement import agreement, pairs_of
from search.engine.objective import Objective
from search.engine.trial import Trial
from trainables.study.report import Report

HIGH = Objective("m", "max")


def trials(pairs):
    return [
        Trial(
            f"t{number}",
            {},
            reports=[Report(9, {"m": value}, rung=rung) for rung, value in enumerate(values)],
        )
        for number, values in enumerate(pairs)
    ]


def agree(found, objective=HIGH):
    return agreement(pairs_of(found, 0, objective), 0)


def test_only_trials_with_a_value_at_both_rungs_count():
    found = agree(trials([(1.0, 1.0), (2.0, 2.0), (3.0,), (4.0, math.nan), ()]))
    assert (found.rung, found.trials, found.tau) == (0, 2, 1.0)
    assert (found.low, found.high) == (-1.0, 1.0), "two trials say nothing"


def test_tau_is_scipys_whichever_way_less_is_better():
    dice = np.random.default_rng(0)
    a = dice.normal(size=30)
    b = (a + dice.normal(size=30)).round(1)
    expected = kendalltau(a, b).statistic
    pairs = list(zip(a, b, strict=True))
    for direction in ("max", "min"):
        found = agree(trials(pairs), Objective("m", direction))
        assert found.tau == pytest.approx(expected)
        assert found.low < expected < found.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Normal pairs of correlation r have tau 2 asin(r) / pi."""
    dice, r, n = np.random.default_rng(1), 0.6, 25
    truth, covered = 2 * math.asin(r) / math.pi, 0
    for _ in range(300):
        a = dice.normal(size=n)
        b = r * a + math.sqrt(1 - r**2) * dice.normal(size=n)
        found = agree(trials(zip(a, b, strict=True)))
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 300 <= 0.985


def test_perfect_agreement_has_an_interval_and_equal_values_have_no_order():
    line = [(float(n), float(n)) for n in range(9)]
    assert agree(trials(line)).high == pytest.approx(1.0)
    assert math.isnan(agree(trials([(1.0, float(n)) for n in range(9)])).tau)
    assert math.isnan(agree(trials([(1.0, 2.0)])).tau)
