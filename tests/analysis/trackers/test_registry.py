"""Trackers by name; those that are extras are tested where they are installed."""

import sys

import pytest
from make_run import METRIC, REFERENCES, Made

from analysis.trackers.entries import entries
from analysis.trackers.registry import write_log
from searchspace.errors import UserError


def test_an_unknown_tracker_names_the_near_ones(made, tmp_path):
    with pytest.raises(UserError, match="unknown log 'tensorbord': did you mean tensorboard"):
        write_log("tensorbord", made(Made("t001")), tmp_path)


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_what_is_not_installed_is_said(made, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=rf"needs {name}: pip install '.*\[{name}\]'"):
        write_log(name, made(Made("t001")), tmp_path)


def test_a_folder_that_cannot_be_made(made, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_log("tensorboard", made(Made("t001")), tmp_path / "file")


@pytest.mark.filterwarnings("ignore")  # of others' code
def test_mlflow_reads_it_back_and_twice_is_once(made, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = made(REFERENCES[0], Made("t001"))
    for _ in range(2):
        command = write_log("mlflow", run, tmp_path / "log")
    client = mlflow.MlflowClient(command.rpartition(" ")[2])
    (experiment,) = (e for e in client.search_experiments() if e.name != "Default")
    found = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    assert set(found) == {"r01 baseline", "t001"}
    for entry in entries(run):
        own = found[entry.name]
        assert own.info.status == "FINISHED"
        assert own.data.params == {key: str(value) for key, value in entry.config.items()}
        history = client.get_metric_history(own.info.run_id, METRIC)
        read = {one.step: one.value for one in history}
        assert read == {point.rung: point.values[METRIC] for point in entry.points}


@pytest.mark.filterwarnings("ignore")  # of others' code
def test_wandb_writes_a_run_a_trial(made, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    run = made(REFERENCES[0], Made("t001"))
    command = write_log("wandb", run, tmp_path / "log")
    assert command.startswith("wandb sync ")
    assert len(list((tmp_path / "log" / "wandb").glob("offline-run-*"))) == len(run.record)
