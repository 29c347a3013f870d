"""Trials as data for the models."""

from itertools import pairwise

import numpy as np
import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.samplers.model.evidence import Evidence, ended_trials, is_feasible, milestone, subset
from search.samplers.model.features import Encoder
from search.samplers.registry import sampler_maker
from searchspace.domains import Float
from searchspace.space import Param, Space

SPACE = Space("evidence", (Param("x", Float(0.0, 1.0), ""),))


@pytest.fixture
def make():
    def build(direction="max"):
        storage = optuna.storages.InMemoryStorage()
        return OptunaRecord(storage, "e", SPACE, direction, sampler_maker("random", SPACE, 0, 0))

    return build


def read(record):
    return Evidence(Encoder(SPACE), record.study.direction), ended_trials(record.study)


def tell(record, name, reports, constraints=None):
    record.ask(name)
    for rung, value in enumerate(reports[:-1]):
        record.report(name, value, rung)
    if reports[-1] is None:
        record.prune(name, constraints or {})
    else:
        record.report(name, reports[-1], len(reports) - 1)
        record.complete(name, reports[-1], constraints or {})


@pytest.mark.parametrize("direction", ["max", "min"])
def test_values_of_all_rungs_are_there_better_ones_higher(make, direction):
    record = make(direction)
    for name, reports in {"a": (1.0, None), "b": (2.0, 3.0), "c": (4.0, 6.0)}.items():
        tell(record, name, reports)
    evidence, trials = read(record)
    data = evidence.values(trials)
    assert data.last == 1
    assert data.rungs.tolist() == [0, 0, 1, 0, 1]
    rising = data.values[data.rungs == 0]
    assert (np.diff(rising) > 0).all() if direction == "max" else (np.diff(rising) < 0).all()
    for rung in (0, 1):
        assert data.values[data.rungs == rung].mean() == pytest.approx(0, abs=1e-12)
    assert rising.std() == pytest.approx(1)


def test_a_later_rung_keeps_the_scale_of_the_one_before(make):
    """Its trials are the best of the one before: 0.1 there is 0.1 here, not a deviation."""
    record = make()
    for number in range(20):
        tell(record, f"bad {number}", (number / 10, None))
    for number in range(5):
        tell(record, f"good {number}", (3 + number / 10, 5 + number / 10))
    evidence, trials = read(record)
    data = evidence.values(trials)
    steps = [np.diff(data.values[data.rungs == rung])[-4:] for rung in (0, 1)]
    np.testing.assert_allclose(steps[0], steps[1])


def test_how_bad_the_bad_are_is_no_matter(make):
    values = []
    for worst in (-1e2, -1e6):
        record = make()
        for number in range(20):
            tell(record, str(number), (number / 10,))
        tell(record, "worst", (worst,))
        evidence, trials = read(record)
        values.append(evidence.values(trials).values)
    np.testing.assert_allclose(values[0], values[1])
    assert values[0].min() > -5


def test_too_little_is_none(make):
    record = make()
    tell(record, "a", (float("nan"), None))
    tell(record, "b", (1.0, None))
    evidence, trials = read(record)
    assert evidence.values(trials) is None


def test_constraints_keep_their_zero(make):
    record = make()
    tell(record, "a", (1.0,), {"floor": -0.2, "never": -1.0})
    tell(record, "b", (1.0,), {"floor": 0.0, "never": -1.0})
    tell(record, "c", (1.0, None), {"floor": 0.4, "never": -1.0})
    record.ask("d")
    record.fail("d")
    evidence, trials = read(record)
    data = evidence.constraints(trials)
    assert set(data) == {"floor", "failed"}
    low, zero, high = data["floor"].values
    assert low < zero == 0 < high
    np.testing.assert_array_equal(np.sign(data["failed"].values), [-1, -1, -1, 1])
    assert [is_feasible(trial) for trial in trials] == [True, True, False, False]


def test_trials_come_in_the_order_in_which_they_ended(make):
    record = make()
    for name in "abc":
        record.ask(name)
    record.complete("c", 1.0, {})
    record.prune("a", {})
    assert [trial.user_attrs["trial"] for trial in ended_trials(record.study)] == ["c", "a"]


def test_milestones_are_a_tenth_apart():
    assert [milestone(count) for count in (1, 9, 10, 19, 20, 21, 22)] == [1, 9, 10, 19, 20, 20, 22]
    milestones = [count for count in range(1, 1001) if milestone(count) == count]
    assert all(upper <= max(lower + 1, 1.1 * lower) for lower, upper in pairwise(milestones))
    assert len(milestones) < 70


def test_a_subset_has_the_best_half_and_some_of_all_others(make):
    record = make()
    for number in range(40):
        tell(record, str(number), (float(number),))
    trials = ended_trials(record.study)
    assert subset(trials, 40, record.study.direction) == trials
    values = [trial.value for trial in subset(trials, 10, record.study.direction)]
    assert values == sorted(values)
    assert values[5:] == [35, 36, 37, 38, 39]
    assert (values[0], values[4]) == (0, 34)
