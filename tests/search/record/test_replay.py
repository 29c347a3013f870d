"""A record put to a coordinator again."""

import pytest
from make_coordinator import Log, finish, make_coordinator

from search.engine.trial import State
from search.record.events import read_events
from search.record.replay import Clock, restore, verify
from search.record.run_folder import RunFolder
from search.record.writer import Records
from searchspace.errors import UserError


class Ticks:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def new(tmp_path):
    """Makes coordinators of the same rules, each with a study of its own."""
    count = iter(range(9))

    def maker(clock, **rules):
        folder = tmp_path / f"study-{next(count)}"
        folder.mkdir()
        return make_coordinator(folder, clock, Log(), **rules)

    return maker


@pytest.fixture
def record(tmp_path, new):
    """Two trials that ended, one that runs; their events."""
    clock, folder = Clock(Ticks()), RunFolder(tmp_path)
    coordinator = new(clock)
    coordinator.observers.append(Records(folder, coordinator.rules.objective, clock))
    finish(coordinator, coordinator.propose(), 0.7)
    finish(coordinator, coordinator.propose(), 0.8)
    coordinator.propose()
    return read_events(folder)


def test_a_restored_coordinator_knows_what_it_knew(new, record):
    clock = Clock(Ticks())
    coordinator = new(clock)
    restore(coordinator, record, clock)
    states = [trial.state for trial in coordinator.trials.values()]
    assert states == [State.COMPLETED, State.COMPLETED, State.RUNNING]
    coordinator.take_up()
    assert coordinator.propose().id == "t003"
    assert coordinator.propose().id == "t004"


def test_a_record_of_another_study_is_refused(new, record):
    clock = Clock(Ticks())
    other = new(clock, complete=lambda sample: dict(sample) | {"fault": "new"})
    with pytest.raises(UserError, match="t001 has another config in the record"):
        restore(other, record, clock)
    clock = Clock(Ticks())
    with pytest.raises(UserError, match="the record proposes t002, where the study now has no"):
        restore(new(clock, trials=1), record, clock)


def test_the_same_proposals_verify_and_the_first_other_one_is_named(new, record):
    clock = Clock(Ticks())
    assert verify(new(clock), record, clock) == []
    second = [event for event in record if event["event"] == "proposed"][1]
    point, second["point"] = second["point"], {"x": 0.0}
    clock = Clock(Ticks())
    (difference,) = verify(new(clock), record, clock)
    assert (difference.trial, difference.recorded) == ("t002", {"x": 0.0})
    assert difference.proposed == point


def test_a_clock_stands_still_at_the_times_shown_and_runs_on_from_there():
    ticks = Ticks()
    clock = Clock(ticks)
    ticks.now += 5
    assert clock() == 5
    clock.show(40.0)
    ticks.now += 100
    assert clock() == 40
    clock.go_on()
    ticks.now += 2
    assert clock() == 42
