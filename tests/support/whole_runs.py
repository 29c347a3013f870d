"""What tests of whole runs share."""

import csv
import json
import time

import optuna
import pytest
from optuna.trial import TrialState


def events_of(folder, *kinds):
    """Whole events only: a killed run may leave part of a line."""
    lines = (folder / "events.jsonl").read_bytes().split(b"\n")[:-1]
    events = [json.loads(line) for line in lines]
    return [event for event in events if not kinds or event["event"] in kinds]


def manifest_of(folder):
    text = (folder / "manifest.json").read_text()
    return json.loads(text, parse_constant=pytest.fail)


def states_of(folder):
    with (folder / "trials.csv").open() as file:
        return {row["trial"]: row["state"] for row in csv.DictReader(file)}


def without_times(events):
    dropped = {"time", "elapsed_s", "seconds", "trace"}
    return [{k: v for k, v in event.items() if k not in dropped} for event in events]


def check_whole(folder, trials, references=2):
    """Nothing is lost, nothing is done twice, and study, table and record say the same."""
    ended = [e for e in events_of(folder, "ended") if e["state"] != "interrupted"]
    expected = {f"r{n:02d}" for n in range(1, references + 1)}
    expected |= {f"t{n:03d}" for n in range(1, trials + 1)}
    assert sorted(event["trial"] for event in ended) == sorted(expected)
    reported = [(event["trial"], event["rung"]) for event in events_of(folder, "reported")]
    assert len(set(reported)) == len(reported), "a report is in the record twice"
    states = {event["trial"]: event["state"] for event in ended}
    with (folder / "trials.csv").open() as file:
        assert {row["trial"]: row["state"] for row in csv.DictReader(file)} == states
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
    )
    study = optuna.load_study(study_name="toy", storage=storage)
    assert not study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
    told = {trial.user_attrs["trial"]: trial for trial in study.trials}
    for event in ended:
        if event["state"] == "completed" and event["trial"] in told:
            assert told[event["trial"]].state is TrialState.COMPLETE


def wait_for(ready, process):
    deadline = time.monotonic() + 200  # a busy machine starts Ray slowly
    while time.monotonic() < deadline:
        if ready():
            return
        if process.poll() is not None:
            pytest.fail(f"ended early: {process.communicate()}")
        time.sleep(0.05)
    pytest.fail("nothing happened")
