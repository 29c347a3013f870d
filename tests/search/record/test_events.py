"""The record of a run, read back."""

import json
import math

import pytest

from search.engine.trial import State
from search.record.events import (
    NAMES,
    clear_unfinished,
    cut_unfinished,
    follow,
    read_events,
    report_of,
)
from search.record.run_folder import RunFolder
from searchspace.errors import UserError

PROPOSED = {
    "event": "proposed", "trial": "t001", "elapsed_s": 1.0, "label": "", "scaled": False,
    "control": False, "config": {"x": 1}, "point": {"x": 1},
}  # fmt: skip
REPORTED = {
    "event": "reported", "trial": "t001", "elapsed_s": 2.0, "node": "one", "epoch": 3, "rung": 0,
    "metrics": {"m": None}, "intervals": {"m": [None, 0.5]}, "constraints": {"floor": None},
    "seconds": {"training": 1.0}, "value": None,
}  # fmt: skip
ENDED = {
    "event": "ended", "trial": "t001", "elapsed_s": 3.0, "state": "pruned", "reason": "late",
    "trace": "",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def write(folder, *events, rest=""):
    folder.events.write_text("".join(json.dumps(event) + "\n" for event in events) + rest)


def test_a_trial_is_what_its_events_say():
    trials, reported = follow([PROPOSED, REPORTED, ENDED])
    trial = trials["t001"]
    assert (trial.state, trial.reason, trial.node) == (State.PRUNED, "late", "one")
    assert (trial.started_s, trial.ended_s) == (1.0, 3.0)
    assert [(entry.time_s, entry.trial) for entry in reported] == [(2.0, "t001")]
    again = {"event": "restarted", "trial": "t001", "elapsed_s": 4.0}
    trial = follow([PROPOSED, REPORTED, ENDED, again])[0]["t001"]
    assert (trial.state, trial.reason, trial.ended_s) == (State.RUNNING, "", None)


def test_a_later_judgement_replaces_the_constraints_of_its_rung():
    judged = {
        "event": "judged", "trial": "t001", "elapsed_s": 4.0, "rung": 0,
        "constraints": {"floor": 0.5},
    }  # fmt: skip
    trial = follow([PROPOSED, REPORTED, judged])[0]["t001"]
    assert trial.reports[0].constraints == {"floor": 0.5}
    trial = follow([PROPOSED, REPORTED, judged | {"rung": 1}])[0]["t001"]
    assert math.isnan(trial.reports[0].constraints["floor"])


def test_null_is_nan():
    report = report_of(REPORTED)
    assert math.isnan(report.metrics["m"])
    assert math.isnan(report.intervals["m"][0])
    assert report.intervals["m"][1] == 0.5


def test_a_line_that_was_not_finished_is_dropped(folder):
    write(folder, PROPOSED, rest='{"event": "rep')
    assert read_events(folder) == [PROPOSED]


def test_a_damaged_line_is_named(folder):
    write(folder, PROPOSED)
    folder.events.write_text(folder.events.read_text() + "{\n" + json.dumps(ENDED) + "\n")
    with pytest.raises(UserError, match=r"line 2 of .*events\.jsonl is damaged"):
        read_events(folder)


def test_a_run_without_a_record_has_no_events(folder):
    assert read_events(folder) == []
    cut_unfinished(folder)
    assert not folder.events.exists()


def test_questions_that_came_to_no_trial_are_cut_off(folder):
    known = {"event": "known", "elapsed_s": 1.5, "point": {"x": 1}}
    refused = {"event": "refused", "elapsed_s": 1.6, "point": {"x": 2}}
    write(folder, known, PROPOSED, known, refused, rest='{"event": "pro')
    cut_unfinished(folder)
    assert read_events(folder) == [known, PROPOSED]


def test_what_follows_from_the_record_is_removed_before_a_run_goes_on(folder):
    write(folder, PROPOSED)
    for name in ("study.journal", "study.journal.lock", "trials.csv"):
        (folder.path / name).write_text("")
    folder.scratch.mkdir()
    assert clear_unfinished(folder) == [PROPOSED]
    assert sorted(path.name for path in folder.path.iterdir()) == ["events.jsonl", "trials.csv"]


def proposed(number, **fields):
    return PROPOSED | {"trial": f"t{number:03d}", **fields}


@pytest.mark.parametrize("part", ["config", "metrics", "constraints", "seconds"])
def test_names_have_a_bound_as_each_is_a_column(folder, part):
    """A small record of ever other names would take all memory, once it is a table."""
    values = {f"n{number}": 1.0 for number in range(NAMES + 1)}
    event = PROPOSED if part == "config" else REPORTED
    before = [] if part == "config" else [PROPOSED]
    write(folder, *before, event | {part: values})
    with pytest.raises(UserError, match=r"events\.jsonl is damaged: there are 100. names"):
        read_events(folder)


def test_a_table_of_all_reports_has_a_bound(folder, monkeypatch):
    monkeypatch.setattr("search.record.events.CELLS", 100)
    names = {f"n{number}": 1.0 for number in range(30)}
    reports = [proposed(number, config=names) for number in range(4)]
    write(folder, *reports[:3])
    assert len(read_events(folder)) == 3
    write(folder, *reports)
    with pytest.raises(UserError, match=r"line 4 .* 30 names .* in 4 reports and configs"):
        read_events(folder)


@pytest.mark.parametrize("value", [1e101, -1e308, 10**200])
def test_what_cannot_be_squared_is_no_number(value):
    """Means and deviations of it would overflow; no metric is that large."""
    report = report_of(REPORTED | {"metrics": {"m": value, "n": 1e99}})
    assert math.isnan(report.metrics["m"])
    assert report.metrics["n"] == 1e99
