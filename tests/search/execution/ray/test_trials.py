"""Whole searches on a local Ray cluster."""

import csv
import json
import signal
import socket
import subprocess
import sys
import time

import pytest
from places import SUPPORT, TOY_MAIN

pytestmark = pytest.mark.ray

CHANGING = {"time", "elapsed_s", "seconds", "trace", "command", "started", "ended", "node"}


def events_of(folder, *skipped):
    lines = (folder / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return [
        {key: value for key, value in event.items() if key not in CHANGING}
        for event in events
        if event["event"] not in skipped
    ]


def test_ray_gives_the_records_of_one_process(run_toy, tmp_path, monkeypatch):
    """Also: a raising trial, one whose value is NaN, and one whose worker dies once."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))  # for the workers
    settings = {"faults": ("raise", "nan", "build", "exit once")}
    status, on_ray, _ = run_toy("ray", in_process=False, settings=settings, concurrency=1)
    assert (tmp_path / "marker").exists()  # so in this process no trial exits
    assert run_toy("here", settings=settings)[0] == status == 0
    assert events_of(on_ray, "restarted") == events_of(tmp_path / "here")

    with (on_ray / "trials.csv").open() as file:
        assert {row["node"] for row in csv.DictReader(file)} == {socket.gethostname()}

    restarts = [e["trial"] for e in events_of(on_ray) if e["event"] == "restarted"]
    assert restarts == ["r06"]
    processes = {file.parent.name: file.read_text() for file in on_ray.glob("trials/*/pid")}
    assert len(set(processes.values())) <= 3, "actors are used again"
    assert len(processes) == 10  # all but those that fail before their first report
    assert not (on_ray / ".ray").exists()


def test_ctrl_c_in_a_folder_with_modules_of_the_users_own(tmp_path, child_environment):
    """The trial that hangs is ended, the finished ones are ranked, and no module is mixed up."""
    for name in ("search", "trainables", "searchspace"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    folder = tmp_path / "run"
    settings = {"faults": ["raise", "hang"]}
    plan = {"study": "toy", "settings": settings, "concurrency": 1, "run": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-P", str(TOY_MAIN), json.dumps(plan)],
        cwd=tmp_path,
        env=child_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(folder / "events.jsonl", '"trial": "r04"', process)
        process.send_signal(signal.SIGINT)
        printed, complained = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 130, complained
    ends = {e["trial"]: e["state"] for e in events_of(folder) if e["event"] == "ended"}
    assert ends == {"r01": "completed", "r02": "completed", "r03": "failed", "r04": "interrupted"}
    assert json.loads((folder / "manifest.json").read_text())["status"] == "interrupted"
    assert "winner: r02 paper" in printed
    assert "Traceback" not in complained


def wait_for(file, text, process):
    for _ in range(2000):  # a busy machine starts Ray slowly
        if process.poll() is not None:
            pytest.fail(f"ended early: {process.communicate()}")
        if file.exists() and text in file.read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"{text} did not appear in {file}")
