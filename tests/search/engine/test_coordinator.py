"""Each way a trial can end, and what the Optuna study then holds."""

import math

import pytest
from make_coordinator import finish, report, study_of
from optuna.trial import TrialState

from search.engine.trial import Decision, Failure, State
from trainables.study.study import Floor, Reference


def test_a_stopped_trial_is_told_pruned_with_its_curve(make):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.9)
    trial = coordinator.propose()
    assert coordinator.report(trial.id, report(1, 0.2)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[1]
    assert trial.state is State.PRUNED
    assert trial.reason == "not among the best at rung 1"
    assert told.state is TrialState.PRUNED
    assert told.intermediate_values == {0: 0.2}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_fails_the_trial(make, value):
    coordinator = make()
    trial = coordinator.propose()
    assert coordinator.report(trial.id, report(1, value)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert trial.state is State.FAILED
    assert trial.reason == f"m is {value} after epoch 1"
    assert told.state is TrialState.PRUNED
    assert told.constraints["failed"] == 1.0


def test_a_raising_trial_is_never_told_fail(make, log):
    coordinator = make()
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.9))
    coordinator.fail(trial.id, Failure("OutOfMemoryError", "Traceback ..."))
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert told.state is TrialState.PRUNED
    assert told.constraints["failed"] == 1.0
    assert log.events[-1][2]["trace"] == "Traceback ..."


def test_references_come_first_are_not_counted_and_never_stopped(make):
    inside = {"x": 0.0, "lr": 0.1, "kind": "a", "fault": ""}
    outside = inside | {"fault": "other"}
    coordinator = make([Reference("base", outside), Reference("paper", inside)], trials=1)
    base, paper, sampled = (coordinator.propose() for _ in range(3))
    assert [base.id, paper.id, sampled.id] == ["r01", "r02", "t001"]
    assert coordinator.propose() is None
    assert coordinator.report(base.id, report(1, 0.9)) is Decision.CONTINUE
    assert coordinator.report(paper.id, report(1, 0.1)) is Decision.CONTINUE
    # and they take no place among the best: the first sampled trial goes on, whatever they did
    assert coordinator.report(sampled.id, report(1, 0.05)) is Decision.CONTINUE


def test_a_reference_beyond_a_limit_runs_but_cannot_win(make):
    reference = Reference("base", {"x": 1.0, "fault": ""})
    coordinator = make([reference], limits=lambda config: {"too large": config["x"]})
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.5))
    assert trial.reports[0].constraints == {"floor": -1.0, "too large": 1.0}


def test_a_floor_judges_at_the_same_epoch_and_again_what_was_reported_before(make, log):
    floor = Floor("clean", "m", "base", 0.25)
    coordinator = make([Reference("base", {"fault": ""})], floor=floor)
    base, early, late = (coordinator.propose() for _ in range(3))
    coordinator.report(early.id, report(1, 0.30))
    assert early.reports[0].constraints == {"floor": -1.0}
    coordinator.report(base.id, report(1, 0.50))
    coordinator.report(base.id, report(3, 0.80))
    coordinator.report(late.id, report(1, 0.40))
    assert early.reports[0].constraints["clean"] == pytest.approx(1 - 0.3 / 0.5 - 0.25)
    assert late.reports[0].constraints["clean"] == pytest.approx(1 - 0.4 / 0.5 - 0.25)
    assert [trial for event, trial, _ in log.events if event == "judged"] == [early.id]
    assert log.events[-1][0] == "reported"
    assert early.reports[0].constraints["clean"] > 0 > late.reports[0].constraints["clean"]


def test_a_reference_that_diverges_sets_no_floor(make):
    """Its clean value is no quality of the reference: it would lower the bar."""
    floor = Floor("clean", "loss", "base", 0.25)
    coordinator = make([Reference("base", {"fault": ""})], floor=floor)
    base, other = coordinator.propose(), coordinator.propose()
    diverged = report(1, math.nan)
    diverged.metrics["loss"] = 0.1
    coordinator.report(base.id, diverged)
    coordinator.report(other.id, report(1, 0.3))
    assert base.state is State.FAILED
    assert "clean" not in other.reports[0].constraints


def test_a_restarted_trial_repeats_its_reports_unheard(make, log):
    coordinator = make()
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.5))
    coordinator.report(trial.id, report(3, 0.6))
    coordinator.restart(trial.id, "lost its worker process")
    assert coordinator.report(trial.id, report(1, 0.4)) is Decision.CONTINUE
    assert coordinator.report(trial.id, report(3, 0.4)) is Decision.CONTINUE
    assert coordinator.report(trial.id, report(9, 0.7)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert told.intermediate_values == {0: 0.5, 1: 0.6, 2: 0.7}
    assert [event for event, *_ in log.events].count("reported") == 3


def test_the_time_limit_ends_what_runs_and_starts_nothing(make, clock):
    coordinator = make(time_limit_s=10)
    first, second = coordinator.propose(), coordinator.propose()
    coordinator.report(first.id, report(1, 0.5))
    clock.now = 10
    assert coordinator.propose() is None
    assert coordinator.report(first.id, report(3, 0.6)) is Decision.STOP
    coordinator.complete(first.id)
    coordinator.close()
    assert [first.state, second.state] == [State.INTERRUPTED] * 2
    assert second.reason == "time limit"
    told = study_of(coordinator).trials
    assert told[0].state is TrialState.PRUNED
    assert told[0].intermediate_values == {0: 0.5, 1: 0.6}
    assert told[1].state is TrialState.FAIL  # nothing was learned about it


def test_a_trial_that_reaches_its_budget_at_the_limit_is_completed(make, clock):
    coordinator = make(time_limit_s=10)
    trial = coordinator.propose()
    coordinator.report(trial.id, report(3, 0.5))
    clock.now = 11
    coordinator.report(trial.id, report(9, 0.6))
    coordinator.complete(trial.id)
    assert trial.state is State.COMPLETED


def test_a_proposal_is_logged_with_what_was_known(make, log):
    coordinator = make()
    first = coordinator.propose()
    finish(coordinator, first, 0.5)
    coordinator.propose()
    coordinator.propose()
    known = [details["known"] for event, _, details in log.events if event == "proposed"]
    assert known == [
        {"ended": 0, "running": []},
        {"ended": 1, "running": []},
        {"ended": 1, "running": ["t002"]},
    ]
