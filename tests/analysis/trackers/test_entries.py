"""What is logged of a trial."""

from datetime import datetime

from make_run import METRIC, REFERENCES, Blueprint

from analysis.trackers.entries import entries, summary
from search.engine.trial import State


def test_each_trial_is_an_entry_with_a_point_a_rung(build):
    stopped = Blueprint("t001", reports=2, state=State.PRUNED, reason="x", metrics={METRIC: 0.25})
    run = build(REFERENCES[0], stopped)
    first, second = entries(run)
    assert (first.name, second.name) == ("r01 baseline", "t001")
    assert [point.rung for point in second.points] == [1, 2]
    assert [point.values["epoch"] for point in second.points] == [1, 3]
    assert [point.values[METRIC] for point in second.points] == [0.25, 0.25]
    assert second.points[0].values["constraint/clean_floor"] == -0.1
    assert first.points[0].values["seconds/training"] == 1.0
    assert second.tags == {"state": "pruned", "winner": "false", "reference": "false", "missed": ""}
    assert first.tags["winner"] == "true"
    assert second.config["lr"] == 1e-3


def test_times_are_the_clocks_and_rise(build):
    run = build(REFERENCES[0], Blueprint("t001"))
    begun = datetime.fromisoformat(run.manifest["started"]).timestamp()
    for entry, trial in zip(entries(run), run.record, strict=True):
        assert entry.start_s == begun + trial.started_s
        assert entry.end_s == begun + trial.ended_s
        times = [entry.start_s, *(point.time_s for point in entry.points), entry.end_s]
        assert times == sorted(times)


def test_what_is_no_number_is_left_out(build):
    run = build(Blueprint("t001", metrics={METRIC: float("nan"), "ranking_clean_bacc": 0.5}))
    (entry,) = entries(run)
    assert METRIC not in entry.points[0].values
    assert entry.points[0].values["ranking_clean_bacc"] == 0.5


def test_a_trial_that_runs_ends_at_its_last_report(build):
    run = build(Blueprint("t001", state=State.RUNNING, reports=2), status="running")
    (entry,) = entries(run)
    assert entry.end_s == entry.points[-1].time_s


def test_the_summary_names_study_and_winner(build):
    run = build(Blueprint("t001"))
    assert summary(run) == {
        "study": "tsynd",
        "metric": METRIC,
        "direction": "max",
        "status": "finished",
        "winner": "t001",
        "code": run.manifest["code"],
    }
