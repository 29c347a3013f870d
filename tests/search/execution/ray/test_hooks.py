"""Tune's calls, translated; Tune itself does not run."""

from types import SimpleNamespace

import pytest
from make_coordinator import EPOCHS, Log, StoppedClock, make_coordinator, report

from search.engine.trial import Failure, State
from search.execution.ray.adapter import OUTCOME
from search.execution.ray.hooks import (
    CONTINUE,
    FINISHED,
    STOP,
    TuneScheduler,
    TuneSearcher,
    TuneStopper,
)


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def coordinator(tmp_path, log):
    return make_coordinator(tmp_path, StoppedClock(), log, trials=1)


@pytest.fixture
def begun(coordinator):
    """The one trial as Tune has it, its searcher and its scheduler."""
    searcher, scheduler = TuneSearcher(coordinator, restarts=1), TuneScheduler(coordinator)
    config = searcher.suggest("x7")
    trial = SimpleNamespace(trial_id="x7", config=config)
    scheduler.on_trial_add(None, trial)
    return searcher, scheduler, trial


def result(outcome):
    return {OUTCOME: outcome, "hostname": "one"}


def test_a_trial_is_proposed_by_the_engines_id_and_then_no_more(begun, coordinator):
    searcher, _, trial = begun
    assert trial.config == {"trial": "t001", "config": coordinator.trials["t001"].config, "seed": 0}
    assert searcher.suggest("x8") == FINISHED


def test_reports_go_in_and_decisions_come_out(begun, coordinator):
    searcher, scheduler, trial = begun
    decisions = [
        scheduler.on_trial_result(None, trial, result(report(epoch, 0.5))) for epoch in EPOCHS
    ]
    assert decisions == [CONTINUE, CONTINUE, STOP]
    assert coordinator.trials["t001"].node == "one"
    searcher.on_trial_complete("x7")
    assert coordinator.trials["t001"].state is State.COMPLETED


def test_a_failure_stops_its_trial(begun, coordinator):
    _, scheduler, trial = begun
    assert scheduler.on_trial_result(None, trial, result(Failure("broken"))) == STOP
    assert coordinator.trials["t001"].reason == "broken"


def test_a_trial_that_is_added_again_has_lost_its_process(begun, log):
    _, scheduler, trial = begun
    assert "restarted" not in [event for event, *_ in log.events]
    scheduler.on_trial_add(None, trial)
    assert [event for event, *_ in log.events][-1] == "restarted"


def test_a_trial_whose_process_is_lost_too_often_fails(begun, coordinator):
    begun[0].on_trial_complete("x7", error=True)
    trial = coordinator.trials["t001"]
    assert (trial.state, trial.reason) == (
        State.FAILED, "lost its worker process 2 times (out of memory?)"
    )  # fmt: skip


def test_the_run_is_stopped_as_a_whole(coordinator):
    stopper = TuneStopper(coordinator)
    assert not stopper("x7", {})
    assert not stopper.stop_all()
    coordinator.interrupt()
    assert stopper.stop_all()
