"""A run that ended in any way is taken up where its record ends."""

import json
import signal
import time
from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console
from whole_runs import (
    check_whole,
    events_of,
    manifest_of,
    states_of,
    wait_for,
    without_times,
)

from search.run import desk
from search.run.runner import replay


def test_an_extended_run_is_the_longer_run(run_toy, take_up, tmp_path):
    """Six trials and ten more are sixteen, whichever way; none of the first is done again."""
    run_toy("short", trials=6, sampler="random")
    files = list((tmp_path / "short").glob("trials/*/pid"))
    written = [file.stat().st_mtime_ns for file in files]
    status, printed = take_up(tmp_path / "short", trials=16)
    run_toy("long", trials=16, sampler="random")
    assert status == 0
    assert "winner" in printed
    resumed = [e for e in events_of(tmp_path / "short") if e["event"] != "resumed"]
    assert without_times(resumed) == without_times(events_of(tmp_path / "long"))
    assert [file.stat().st_mtime_ns for file in files] == written
    check_whole(tmp_path / "short", 16)
    assert manifest_of(tmp_path / "short")["resumed"][0]["trials"] == 16


def test_a_finished_run_is_only_shown_again(run_toy, take_up, tmp_path):
    run_toy(trials=3)
    before = events_of(tmp_path / "run")
    status, printed = take_up(tmp_path / "run")
    assert status == 0
    assert "winner" in printed
    assert [e for e in events_of(tmp_path / "run") if e["event"] != "resumed"] == before


@pytest.mark.parametrize("sampler", ["random", "tpe", "hyperopt"])
def test_a_run_at_its_time_limit_goes_on_as_if_there_had_been_none(
    run_toy, take_up, tmp_path, sampler
):
    settings = {"epoch_s": 0.02}
    run_toy(trials=12, sampler=sampler, settings=settings, time_limit_s=1.2)
    assert 0 < len(events_of(tmp_path / "run", "proposed")) < 14
    assert take_up(tmp_path / "run", time_limit_s=None)[0] == 0
    check_whole(tmp_path / "run", 12)
    run_toy("whole", trials=12, sampler=sampler, settings=settings)
    proposed = [e["config"] for e in events_of(tmp_path / "run", "proposed")]
    assert proposed == [e["config"] for e in events_of(tmp_path / "whole", "proposed")]


def test_an_interrupted_trial_goes_on_from_its_checkpoint(run_toy, take_up, tmp_path, monkeypatch):
    """Ctrl-C in its second stage: the first is not trained again."""
    monkeypatch.setattr("search.execution.worker.CHECKPOINT_EVERY_S", 0.0)
    status, folder, printed = run_toy(trials=2, settings={"faults": ("interrupt late",)})
    assert status == 130
    assert f"python -m search resume {folder}" in printed
    assert manifest_of(folder)["status"] == "interrupted"
    assert (folder / "trials" / "r03" / "checkpoint.safetensors").exists()
    (tmp_path / "marker").touch()  # from now on there is no fault
    assert take_up(folder)[0] == 0
    check_whole(folder, 2, references=3)
    steps = json.loads((folder / "trials" / "r03" / "steps.json").read_text())
    assert [epoch for epoch, _ in steps] == list(range(9)), "each epoch is trained once"
    trained = json.loads((folder / "trials" / "r03" / "calls.json").read_text())
    assert trained < 9, "in the second process, the epochs that were left"
    assert not list(folder.glob("trials/*/checkpoint.safetensors")), "ended trials need none"


def test_a_damaged_checkpoint_costs_time_and_nothing_else(run_toy, take_up, tmp_path, monkeypatch):
    monkeypatch.setattr("search.execution.worker.CHECKPOINT_EVERY_S", 0.0)
    _, folder, _ = run_toy(trials=2, settings={"faults": ("interrupt late",)})
    file = folder / "trials" / "r03" / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-7])
    (tmp_path / "marker").touch()
    status, printed = take_up(folder)
    assert status == 0
    assert "r03 interrupt late: its checkpoint cannot be used, it began anew" in printed
    check_whole(folder, 2, references=3)


@pytest.mark.parametrize("seed", range(4))
def test_a_driver_killed_at_any_moment_loses_nothing_finished(start, take_up, toy, tmp_path, seed):
    folder = tmp_path / "run"
    process = start(folder, trials=6, sampler="tpe", settings={"epoch_s": 0.02})
    events = folder / "events.jsonl"
    wait_for(lambda: events.exists() and events.stat().st_size > 0, process)
    time.sleep(0.9 * np.random.default_rng(seed).random())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    finished = [e for e in events_of(folder) if e["event"] == "ended"]
    # a line that was being written, and a table that was being replaced
    with events.open("a") as file:
        file.write('{"time": "2026-01-0')
    assert take_up(folder)[0] == 0
    check_whole(folder, 6)
    after = events_of(folder, "ended")
    assert after[: len(finished)] == finished
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


def test_what_was_decided_stays_decided_where_the_scheduler_would_decide_otherwise(
    run_toy, take_up, tmp_path, monkeypatch
):
    """As in a run that an older program wrote."""
    for name, share in (("strict", Fraction(1, 9)), ("lenient", Fraction(1))):
        with monkeypatch.context() as older:
            older.setattr("search.engine.coordinator.promoted_share", lambda _, share=share: share)
            run_toy(name, trials=8, sampler="random")
        before = states_of(tmp_path / name)
        assert take_up(tmp_path / name, trials=9)[0] == 0
        after = states_of(tmp_path / name)
        assert {trial: after[trial] for trial in before} == before
        check_whole(tmp_path / name, 9)


def test_a_slow_start_does_not_turn_the_runs_clock_back(run_toy, take_up, monkeypatch):
    """Times before the start of the run made the record look damaged."""
    _, folder, _ = run_toy(trials=2)
    made = desk.make_rules

    def slowly(*arguments):
        time.sleep(0.5)
        return made(*arguments)

    monkeypatch.setattr(desk, "make_rules", slowly)
    for trials in (3, 4):
        assert take_up(folder, trials=trials)[0] == 0
    times = [event["elapsed_s"] for event in events_of(folder)]
    assert times == sorted(times)
