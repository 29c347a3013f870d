"""A run as an experiment of MLflow: a run of MLflow's is a trial."""

import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

from analysis.load import Run
from analysis.trackers.entries import Entry, entries, summary

LONGEST = 500  # letters of a parameter that every store takes
MOST_METRICS, MOST_PARAMS = 1000, 100  # in one batch
STATUS = {"completed": "FINISHED", "pruned": "KILLED", "interrupted": "KILLED"}
STATUS |= {"failed": "FAILED", "running": "RUNNING"}


def write(run: Run, folder: Path) -> str:
    """Write an experiment; say where.

    It goes to the server or store that MLFLOW_TRACKING_URI names; without one, into ``mlflow.db``
    of the folder.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - an extra

    store = os.environ.get("MLFLOW_TRACKING_URI")
    if store is None:
        folder.mkdir(parents=True, exist_ok=True)
        store = f"sqlite:///{_quoted((folder / 'mlflow.db').resolve())}"
    client = MlflowClient(tracking_uri=store)
    name = f"{run.folder.resolve().name} {run.manifest['started']}"
    existing = client.get_experiment_by_name(name)
    existing_id = existing and existing.experiment_id
    experiment = existing_id or client.create_experiment(name, tags=summary(run))
    for old in client.search_runs([experiment], max_results=50_000):  # written anew, not twice
        client.delete_run(old.info.run_id)
    for entry in entries(run):
        _write_trial(client, experiment, entry)
    return f"mlflow ui --backend-store-uri {shlex.quote(store)}"


def _quoted(path: Path) -> str:
    """Write a path as a part of an address: ``?`` would begin its options, ``%`` a letter."""
    return quote(path.as_posix())


def _write_trial(client: Any, experiment: str, entry: Entry) -> None:  # noqa: ANN401 - an extra
    from mlflow.entities import Metric, Param  # noqa: PLC0415 - an extra

    trial = client.create_run(experiment, round(1000 * entry.start_s), entry.tags, entry.name)
    params = [Param(key, str(value)[:LONGEST]) for key, value in entry.config.items()]
    metrics = [
        Metric(key, value, round(1000 * point.time_s), point.rung)
        for point in entry.points
        for key, value in point.values.items()
    ]
    for start in range(0, max(len(metrics), len(params)), MOST_PARAMS):
        client.log_batch(trial.info.run_id, params=params[start : start + MOST_PARAMS])
    for start in range(0, len(metrics), MOST_METRICS):
        client.log_batch(trial.info.run_id, metrics=metrics[start : start + MOST_METRICS])
    status, end_ms = STATUS[entry.tags["state"]], round(1000 * entry.end_s)
    client.set_terminated(trial.info.run_id, status, end_ms)
