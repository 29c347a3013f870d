"""Numbers over searches, against values computed by hand."""

import math

import numpy as np
import pytest

from search.simulation.outcome import Outcome
from search.simulation.summary import goals, interquartile_mean, summarise


def outcome(**changes):
    values = {
        "method": "tpe", "seed": 0, "arch": "a=1", "success": True, "regret": 0.0, "ahead": 0.0,
        "cost": 100.0, "cost_to_top": 50.0, "utilisation": 1.0, "trials": 10, "last_rung": 4,
        "known": 5, "infeasible": 2,
    }  # fmt: skip
    return Outcome(**values | changes)


def test_the_middle_half_counts():
    values = np.array([100.0, 0.0, 1.0, 2.0, 3.0, 4.0, -50.0, 5.0])
    interval = interquartile_mean(values)
    assert interval.value == (1 + 2 + 3 + 4) / 4
    assert -50 < interval.low < interval.value < interval.high < 100
    assert interquartile_mean(values) == interval


def test_the_interval_covers_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = [
        interval.low <= 0 <= interval.high
        for interval in (interquartile_mean(generator.standard_normal(30)) for _ in range(300))
    ]
    assert 0.88 < np.mean(hits) < 0.98


def test_a_summary():
    summary = summarise(
        [
            outcome(regret=0.1, cost_to_top=30.0),
            outcome(regret=0.3, cost=300.0, success=False, cost_to_top=math.inf),
            outcome(regret=0.0, utilisation=0.7),
            outcome(regret=0.05, trials=20, known=1),
        ],
        free_repeats=True,
    )
    assert (summary.method, summary.runs, summary.trials) == ("tpe", 4, 12.5)
    assert summary.success.value == 0.75
    assert summary.success[1:] == pytest.approx((0.3006, 0.9544), abs=1e-4)  # Wilson
    assert summary.regret.value == pytest.approx(0.075)
    assert summary.regret_median == pytest.approx(0.075)
    assert summary.regret_p95 == pytest.approx(0.27)
    assert summary.cost == 150
    assert summary.cost_to_top == 50
    assert summary.utilisation == pytest.approx(0.925)
    assert summary.duplicates == 16 / 66
    assert summary.infeasible == 8 / 50
    assert summary.last_rung == 16 / 50


def test_repeats_that_are_paid_for_are_among_the_trials():
    assert summarise([outcome()], free_repeats=False).duplicates == 0.5
    assert summarise([outcome()], free_repeats=True).duplicates == 5 / 15


@pytest.mark.parametrize(
    ("costs", "median"),
    [([1, 2, 3], 2), ([1, 3], 2), ([1, math.inf], math.inf), ([math.inf] * 2, math.inf)],
)
def test_the_median_cost_to_the_top_may_be_infinite(costs, median):
    summary = summarise([outcome(cost_to_top=float(cost)) for cost in costs], free_repeats=True)
    assert summary.cost_to_top == median


def test_goals():
    yardstick = summarise([outcome(cost=200.0)], free_repeats=False)
    just = [outcome(regret=0.01)] * 19 + [outcome(success=False, regret=0.01)]
    assert [
        (goal.value, goal.met) for goal in goals(summarise(just, free_repeats=True), yardstick)
    ] == [
        (0.95, True),
        (0.5, True),
        (0.01, True),
    ]
    short = [outcome(regret=0.011, cost=101.0)] * 18 + [outcome(success=False, cost=101.0)] * 2
    assert [goal.met for goal in goals(summarise(short, free_repeats=True), yardstick)] == [
        False,
        False,
        False,
    ]
