"""How much values vary with the seed."""

import math

import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.results.seeds import UNKNOWN, spread_of, trainings_of
from trainables.study.report import Report

HIGH = Objective("m", "max")


def training(name, value=0.0, state=State.COMPLETED, **fields):
    return Trial(name, {}, state=state, reports=[Report(1, {"m": value})], **fields)


def test_trainings_are_grouped_by_config_in_order_of_the_seeds():
    trials = [
        training("a"),
        training("b", state=State.PRUNED),
        training("a.3", repeats="a", seed=2),
        training("a.2", repeats="a", seed=1),
        training("a.4", repeats="a", seed=3, state=State.RUNNING),
    ]
    groups = trainings_of(trials)
    assert {name: [member.id for member in group] for name, group in groups.items()} == {
        "a": ["a", "a.2", "a.3"]
    }


def test_the_deviation_is_pooled_with_one_less_than_the_trainings():
    groups = [
        [training("a", 1.0), training("a.2", 2.0), training("a.3", 3.0)],
        [training("b", 5.0), training("b.2", 9.0)],
        [training("c", 100.0)],
    ]
    spread = spread_of(groups, HIGH)
    assert (spread.df, spread.configs) == (3, 2)
    assert spread.deviation == pytest.approx(math.sqrt((2 + 8) / 3))


def test_a_mean_and_a_difference_vary_less():
    spread = spread_of([[training("a", 1.0), training("b", 2.0)]], HIGH)
    assert spread.of_mean(4).variance == pytest.approx(0.5 / 4)
    assert spread.of_difference(2, 4).variance == pytest.approx(0.5 * (1 / 2 + 1 / 4))
    assert spread.of_difference(2, 4).df == 1


def test_of_single_trainings_nothing_is_known():
    assert spread_of([[training("a", 1.0)], [training("b", 2.0)]], HIGH) == UNKNOWN
    assert not UNKNOWN.is_known
    assert math.isnan(UNKNOWN.of_mean(2).variance)
    assert math.isnan(UNKNOWN.of_difference(1, 1).variance)


def test_the_interval_of_a_mean_covers_it():
    """Six trainings of one config, from which the deviation is known: 95 % of the intervals."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(1000):
        values = generator.normal(0.4, 0.08, 6)
        spread = spread_of([[training(str(v), v) for v in values]], HIGH)
        hits += abs(values.mean() - 0.4) < spread.half_width(6)
    assert 0.93 < hits / 1000 < 0.97
