"""The driver ends what falls silent, and nothing that works or waits."""

from types import SimpleNamespace

import pytest
from make_coordinator import Log, StoppedClock, make_coordinator

from search.engine.trial import State
from search.execution.ray import processes, watch
from search.execution.ray.watch import PATIENCE_S, Watch

LIMIT_S = 3.0


@pytest.fixture
def killed(monkeypatch):
    actors = []
    monkeypatch.setattr(watch.ray, "kill", actors.append)
    return actors


@pytest.fixture
def coordinator(tmp_path):
    coordinator = make_coordinator(tmp_path, StoppedClock(), Log(), trials=2)
    coordinator.propose()
    coordinator.propose()
    return coordinator


@pytest.fixture
def clock():
    return SimpleNamespace(now=100.0)


@pytest.fixture
def watcher(coordinator, clock):
    return Watch(coordinator, LIMIT_S, lambda: clock.now)


def trial(number, actor="actor"):
    return SimpleNamespace(
        trial_id=f"x{number}",
        config={"trial": f"t00{number}"},
        max_failures=1,
        temporary_state=SimpleNamespace(ray_actor=actor),
    )


def test_a_trial_that_is_silent_ends_with_its_process_and_does_not_start_again(
    watcher, coordinator, clock, killed
):
    trials = [trial(1), trial(2, actor=None)]
    watcher.on_step_end(1, trials)
    clock.now += LIMIT_S + PATIENCE_S
    watcher.on_step_end(2, trials)
    assert not killed
    clock.now += 0.1
    watcher.on_step_end(3, trials)
    watcher.on_step_end(4, trials)
    assert killed == ["actor"]
    assert trials[0].max_failures == 0
    ended = coordinator.trials["t001"]
    assert ended.state is State.FAILED
    assert ended.reason == "no report within 3 s, and its process did not answer"
    assert coordinator.trials["t002"].state is State.RUNNING  # it waits for a process


def test_each_report_and_each_process_begins_the_count_anew(watcher, clock, killed):
    trials = [trial(1)]
    watcher.on_step_end(1, trials)
    clock.now += LIMIT_S + PATIENCE_S
    watcher.on_trial_result(2, trials, trials[0])
    clock.now += LIMIT_S + PATIENCE_S
    watcher.on_step_end(2, trials)
    trials[0].temporary_state.ray_actor = None  # lost, and put into the queue
    clock.now += 1000
    watcher.on_step_end(3, trials)
    trials[0].temporary_state.ray_actor = "another"
    watcher.on_step_end(4, trials)
    assert not killed


def test_without_a_limit_nothing_is_ended(coordinator, clock, killed):
    watcher = Watch(coordinator, None, lambda: clock.now)
    watcher.on_step_end(1, [trial(1)])
    clock.now += 1e6
    watcher.on_step_end(2, [trial(1)])
    assert not killed


def test_a_process_of_rays_that_is_gone_ends_tune(watcher, monkeypatch):
    monkeypatch.setattr(processes, "dead_process", lambda: "raylet")
    with pytest.raises(processes.RayGone, match="Ray's raylet has died"):
        watcher.on_step_end(1, [])
