"""When trials ran and what seconds went into, counted by hand."""

from dataclasses import replace

import pytest
from make_run import REFERENCES, Blueprint

from analysis.numbers.cost import activities, busy_share, states, timeline
from search.engine.trial import State, Trial


def with_times(run, *spans):
    """The run with trials that lasted from one second to another; None: it still runs."""
    record = tuple(
        Trial(f"t{number:03d}", {}, started_s=start, ended_s=end)
        for number, (start, end) in enumerate(spans, 1)
    )
    return replace(run, record=record, elapsed_s=20.0)


def test_lanes_are_as_few_as_hold_the_trials(build):
    run = with_times(build(Blueprint("t001")), (0, 10), (1, 4), (4, 9), (5, 6), (10, 12))
    frame = timeline(run)
    assert frame["lane"].tolist() == [1, 2, 2, 3, 1]
    for _, trials in frame.groupby("lane"):
        assert (trials["start_s"].to_numpy()[1:] >= trials["end_s"].to_numpy()[:-1]).all()


def test_what_runs_ends_at_the_last_event(build):
    run = with_times(build(Blueprint("t001")), (0, 10), (10, None))
    assert timeline(run)["end_s"].tolist() == [10, 20]
    assert busy_share(run) == 1


def test_idle_lanes_are_not_busy(build):
    run = with_times(build(Blueprint("t001")), (0, 10), (0, 5))
    assert busy_share(run) == pytest.approx(0.75)


def test_seconds_are_summed_by_activity_and_fate(build):
    stopped = Blueprint("t002", state=State.PRUNED, reports=2, reason="x")
    frame = activities(build(REFERENCES[0], Blueprint("t001"), stopped)).set_index("activity")
    assert frame.index.tolist() == ["generation", "training"]
    assert frame["completed"].tolist() == [16, 8]  # 2 trials of 4 reports, 2 and 1 seconds each
    assert frame["pruned"].tolist() == [4, 2]
    assert frame["total"].tolist() == [20, 10]
    assert frame["share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_trials_are_counted_by_state(build):
    failed = Blueprint("t002", state=State.FAILED, reports=0, reason="x")
    frame = states(build(REFERENCES[0], Blueprint("t001"), failed)).set_index("state")
    assert frame.loc["completed"].tolist() == [1, 1, 0]
    assert frame.loc["failed"].tolist() == [0, 1, 0]
    assert "pruned" not in frame.index


def test_a_run_that_measured_nothing_costs_nothing(build):
    assert activities(build(Blueprint("t001", state=State.FAILED, reports=0, reason="x"))).empty
