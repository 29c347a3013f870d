"""A run for wandb, where it is installed."""

import pytest
from make_run import REFERENCES, Blueprint

from analysis.trackers.registry import write_log


@pytest.mark.filterwarnings("ignore")  # of others' code
def test_wandb_writes_a_run_a_trial(build, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    run = build(REFERENCES[0], Blueprint("t001"))
    command = write_log("wandb", run, tmp_path / "log")
    assert command.startswith("wandb sync ")
    assert len(list((tmp_path / "log" / "wandb").glob("offline-run-*"))) == len(run.record)
