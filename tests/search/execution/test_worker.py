"""One trial, from rung to rung, whatever it raises."""

import errno
import json
from dataclasses import replace

import pytest
import toy_study

from search.engine.trial import Failure
from search.execution import worker as module
from search.execution.worker import Worker, WorkerJob
from search.record.run_folder import RunFolder
from search.results.pulse import FILE, Pulse, write_pulse
from search.storage.store import StorageError
from trainables.study.report import Rung

RUNGS = (Rung(3, "robustness"), Rung(9, "robustness"))
CONFIG = {"x": 0.3, "lr": 0.1, "kind": "b", "fault": ""}


@pytest.fixture
def job(tmp_path):
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "shared.txt").write_text("")
    return WorkerJob("toy_study:ToyStudy", toy_study.Settings(), RUNGS, tmp_path, assets, threads=1)


def saved(job, trial="t001"):
    return json.loads((RunFolder(job.folder).trial(trial) / "model.json").read_text())


def test_each_call_trains_to_the_next_rung_and_saves(job):
    worker = Worker(job, "t001", CONFIG, seed=2)
    checkpoint = RunFolder(job.folder).checkpoint("t001")
    first = worker.advance()
    assert (first.rung, first.epoch, saved(job)["epoch"]) == (0, 3, 3)
    assert checkpoint.exists()
    checkpoint.unlink()
    second = worker.advance()
    assert (second.rung, second.epoch, saved(job)["epoch"]) == (1, 9, 9)
    assert not checkpoint.exists(), "none is needed after the last rung"
    assert saved(job)["seed"] == 2


def test_between_reports_it_says_how_far_it_is(job, monkeypatch):
    pulses = []
    monkeypatch.setattr(module, "PULSE_EVERY_S", 0.0)
    monkeypatch.setattr(module, "write_pulse", lambda folder, pulse: pulses.append((folder, pulse)))
    worker = Worker(job, "t001", CONFIG)
    worker.advance()
    worker.advance()
    assert [(pulse.epoch, pulse.rung) for _, pulse in pulses] == [
        (1, 3), (2, 3), (3, 3), *((epoch, 9) for epoch in range(4, 10)),
    ]  # fmt: skip
    assert {folder for folder, _ in pulses} == {RunFolder(job.folder).trial("t001")}


def test_no_word_of_it_stays_once_it_reports_or_fails(job, monkeypatch):
    monkeypatch.setattr(module, "PULSE_EVERY_S", 0.0)
    folder = RunFolder(job.folder).trial("t001")
    Worker(job, "t001", CONFIG).advance()
    assert not (folder / FILE).exists()
    write_pulse(folder, Pulse(2, 3, 1.0))
    assert isinstance(Worker(job, "t001", {"no": "config"}).advance(), Failure)
    assert not (folder / FILE).exists()


def test_a_trial_that_was_begun_gives_its_last_report_again_and_goes_on(job):
    first = Worker(job, "t001", CONFIG).advance()
    worker = Worker(job, "t001", CONFIG)
    assert worker.advance() == replace(first, notes=())
    assert worker.advance().epoch == 9
    calls = json.loads((RunFolder(job.folder).trial("t001") / "calls.json").read_text())
    assert calls == 6, "the three epochs of before are not trained again"


def test_a_checkpoint_that_cannot_be_used_is_a_note(job):
    Worker(job, "t001", CONFIG).advance()
    RunFolder(job.folder).checkpoint("t001").write_bytes(b"damaged")
    report = Worker(job, "t001", CONFIG).advance()
    assert report.epoch == 3
    assert report.notes[0].startswith("its checkpoint cannot be used, it began anew (")


def test_what_a_study_raises_is_a_failure_of_the_trial(job):
    failure = Worker(job, "t001", CONFIG | {"fault": "raise"}).advance()
    assert failure.reason == "RuntimeError: x = 0.300 is too much"
    assert "in _fault" in failure.trace
    assert not failure.ends_run


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "x"), "no space left for "),
        (RuntimeError("iostream error: No space left on device"), "no space left for "),
        (StorageError("s3://x is gone"), "s3://x is gone"),
    ],
)
def test_what_every_trial_would_meet_ends_the_run(job, monkeypatch, error, reason):
    def raising(self, folder):
        raise error

    monkeypatch.setattr(toy_study.Toy, "save", raising)
    failure = Worker(job, "t001", CONFIG).advance()
    assert isinstance(failure, Failure)
    assert failure.ends_run
    assert failure.reason.startswith(reason)
