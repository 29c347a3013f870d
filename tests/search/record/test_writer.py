"""Events line by line, and the table of trials."""

import csv
import io
import json
import math
from pathlib import Path

import pytest
from make_trials import HIGH, trial

from search.engine.trial import State
from search.record import writer as module
from search.record.run_folder import RunFolder
from search.record.writer import Records, table
from trainables.study.report import Report


class Ticks:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def records(tmp_path, ticks):
    return Records(RunFolder(tmp_path), HIGH, ticks)


def lines(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_an_event_is_one_line_of_strict_json(records, tmp_path):
    report = Report(3, {HIGH.metric: math.nan}, rung=1)
    records.notice("reported", trial("t001", State.RUNNING), report=report, elapsed_s=2.0)
    (line,) = lines(tmp_path)
    assert line["metrics"] == {HIGH.metric: None}
    assert (line["event"], line["trial"], line["rung"], line["elapsed_s"]) == (
        "reported", "t001", 1, 2.0,
    )  # fmt: skip
    assert "node" not in line


def test_the_record_is_on_the_disk_now_and_then_and_at_the_end(
    records, tmp_path, ticks, monkeypatch
):
    """What a power cut costs is what came since; each line by itself would cost a disk too much."""
    paths = []
    monkeypatch.setattr(
        "os.fsync", lambda number: paths.append(Path(f"/proc/self/fd/{number}").readlink().name)
    )
    for now in (0.0, 0.1, 0.15, 0.3):
        ticks.now = now
        records.notice("noted", trial("t001", State.RUNNING), elapsed_s=now)
    assert paths.count("events.jsonl") == 2
    records.close()
    assert paths.count("events.jsonl") == 3


def test_a_repeat_says_what_it_repeats_and_a_node_is_named(records, tmp_path):
    again = trial("t001.2", State.COMPLETED, 0.5)
    again.repeats, again.seed, again.node = "t001", 1, "one"
    records.notice("proposed", again, elapsed_s=0.0)
    records.notice("ended", again, elapsed_s=1.0)
    proposed, ended = lines(tmp_path)
    assert (proposed["repeats"], proposed["seed"]) == ("t001", 1)
    assert ended["node"] == "one"


@pytest.mark.parametrize(("state", "left"), [(State.PRUNED, False), (State.INTERRUPTED, True)])
def test_only_a_trial_that_may_go_on_keeps_its_checkpoint(records, tmp_path, state, left):
    checkpoint = RunFolder(tmp_path).checkpoint("t001")
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text("")
    records.notice("ended", trial("t001", state, 0.5), elapsed_s=1.0)
    assert checkpoint.exists() == left


def test_the_table_is_written_every_few_seconds(records, tmp_path, ticks):
    file = tmp_path / "trials.csv"
    records.notice("proposed", trial("t001", State.RUNNING), elapsed_s=0.0)
    first = file.read_text()
    records.notice("proposed", trial("t002", State.RUNNING), elapsed_s=0.0)
    assert file.read_text() == first
    ticks.now = module.TABLE_EVERY_S
    records.notice("proposed", trial("t003", State.RUNNING), elapsed_s=0.0)
    assert file.read_text().count("\n") == 4


def test_a_row_has_config_last_report_and_all_seconds():
    member = trial("t001", State.COMPLETED, 0.5, ended_s=9.0)
    member.config["lr"] = 0.1
    member.reports = [
        Report(3, {HIGH.metric: 0.4}, seconds={"training": 1.0}),
        Report(9, {HIGH.metric: 0.5}, {HIGH.metric: (0.4, 0.6)}, {"floor": -1.0}, {"training": 2}),
    ]
    (row,) = csv.DictReader(io.StringIO(table([member], HIGH)))
    assert row["epoch"] == "9"
    assert row["value"] == row[f"metric.{HIGH.metric}"] == "0.5"
    assert row[f"low.{HIGH.metric}"] == "0.4"
    assert (row["config.lr"], row["constraint.floor"]) == ("0.1", "-1.0")
    assert row["seconds.training"] == "3.0"
