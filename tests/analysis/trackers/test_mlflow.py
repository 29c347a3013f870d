"""A run for mlflow, where it is installed."""

import shlex

import pytest
from make_run import METRIC, REFERENCES, Blueprint

from analysis.trackers.entries import entries
from analysis.trackers.registry import write_log


@pytest.mark.filterwarnings("ignore")  # of others' code
@pytest.mark.parametrize("name", ["a?b", "p%20q", "my run"])
def test_a_folder_of_any_name_holds_its_own_store(build, tmp_path, monkeypatch, name):
    """And the command that is printed opens that one."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = build(REFERENCES[0], Blueprint("t001"))
    command = write_log("mlflow", run, tmp_path / "runs" / name)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [name]
    assert (tmp_path / "runs" / name / "mlflow.db").is_file()
    *_, address = shlex.split(command)
    experiments = mlflow.MlflowClient(address).search_experiments()
    assert len(experiments) == 2  # MLflow has one of its own


@pytest.mark.filterwarnings("ignore")  # of others' code
def test_mlflow_reads_it_back_and_twice_is_once(build, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = build(REFERENCES[0], Blueprint("t001"))
    for _ in range(2):
        command = write_log("mlflow", run, tmp_path / "log")
    client = mlflow.MlflowClient(command.rpartition(" ")[2])
    (experiment,) = (e for e in client.search_experiments() if e.name != "Default")
    runs = {item.info.run_name: item for item in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"r01 baseline", "t001"}
    for entry in entries(run):
        trial = runs[entry.name]
        assert trial.info.status == "FINISHED"
        assert trial.data.params == {key: str(value) for key, value in entry.config.items()}
        history = client.get_metric_history(trial.info.run_id, METRIC)
        read = {item.step: item.value for item in history}
        assert read == {point.rung: point.values[METRIC] for point in entry.points}
