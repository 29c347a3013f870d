"""From a session to a search."""

import io

import numpy as np
import optuna
import pytest
import toy_study
from rich.console import Console

from search.engine.objective import Objective
from search.record.events import read_events
from search.record.run_folder import RunFolder
from search.run.desk import make_rules, sampler_maker
from search.run.session import open_session
from searchspace import optuna as to_optuna
from searchspace.random import sample
from trainables.study.study import Floor


@pytest.fixture
def session(run_toy, toy):
    _, folder, _ = run_toy(trials=2, settings={"slack": 0.2})
    return open_session(RunFolder(folder), lambda name: toy, Console(file=io.StringIO()))


def test_the_rules_are_the_studys_and_the_plans(session):
    objective = Objective("robustness", "max")
    rules = make_rules(session, objective)
    assert rules.trials == 2
    assert [reference.label for reference in rules.references] == ["baseline", "paper"]
    assert [rung.epochs for rung in rules.rungs] == [3, 9]
    assert rules.objective is objective
    assert (rules.judge.floor.slack, rules.judge.direction) == (0.2, "max")
    assert rules.judge.limits({"x": 3.0}) == {"too large": 1.0}


@pytest.mark.parametrize(("above", "zero"), [(True, 0.1), (False, None)])
def test_a_floor_above_a_constant_answer_takes_its_value_from_the_run(
    session, monkeypatch, above, zero
):
    """And from none where an older run did not measure it: its floor stays what it was."""
    floor = Floor("relative_floor", "robustness", "baseline", 0.2, above_constant=above)
    monkeypatch.setattr(toy_study.ToyStudy, "floor", lambda *_: floor)
    assert make_rules(session, Objective("robustness", "max")).judge.floor.zero is None
    session.manifest.add(constant={"robustness": 0.1})
    assert make_rules(session, Objective("robustness", "max")).judge.floor.zero == zero


def test_a_reference_that_needs_too_much_memory_is_left_out(session, monkeypatch):
    def limits(self, config, settings):
        return {"max_memory": config["x"] - 0.1}

    monkeypatch.setattr(toy_study.ToyStudy, "limits", limits)
    rules = make_rules(session, Objective("robustness", "max"))
    assert [reference.label for reference in rules.references] == ["baseline"]


def test_a_question_has_the_same_sampler_whenever_it_is_put():
    def point(seed, number):
        sampler = sampler_maker("random", toy_study.SPACE, seed, 0)(number)
        study = optuna.create_study(sampler=sampler)
        return to_optuna.suggest(toy_study.SPACE, study.ask())

    assert point(1, 4) == point(1, 4)
    assert point(1, 4) != point(1, 5)
    assert point(1, 4) != point(2, 4)


@pytest.mark.parametrize(("sampler", "count"), [("tpe", 3), ("random", 0)])
def test_a_search_begins_around_what_the_study_starts_from(
    run_toy, toy, monkeypatch, sampler, count
):
    start = sample(toy_study.SPACE, np.random.default_rng(0))
    monkeypatch.setattr(toy_study.ToyStudy, "starts", lambda *_: (start,))
    _, folder, _ = run_toy(trials=9, sampler=sampler)
    session = open_session(RunFolder(folder), lambda name: toy, Console(file=io.StringIO()))
    first = make_rules(session, Objective("robustness", "max")).source.first
    assert len(first) == count
    proposed = [event for event in read_events(RunFolder(folder)) if event["event"] == "proposed"]
    points = [event["point"] for event in proposed if not event["label"]]
    assert points[:count] == [dict(point) for point in first]
