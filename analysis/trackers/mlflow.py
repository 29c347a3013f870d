"""A run as an experiment of MLflow: a run of MLflow's is a trial."""

import contextlib
import os
import shlex
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from analysis.load import Run
from analysis.trackers.entries import Entry, entries, summary

FILE = "mlflow.db"
LONGEST = 500  # letters of a parameter that every store takes
MOST_METRICS, MOST_PARAMS = 1000, 100  # in one batch
STATUS = {"completed": "FINISHED", "pruned": "KILLED", "interrupted": "KILLED"}
STATUS |= {"failed": "FAILED", "running": "RUNNING"}


def write(run: Run, folder: Path) -> str:
    """Write an experiment; say how to see it.

    It goes to the server or store that MLFLOW_TRACKING_URI names; without one, into ``mlflow.db``
    of the folder.
    """
    store = os.environ.get("MLFLOW_TRACKING_URI")
    name = f"{run.folder.resolve().name} {run.manifest['started']}"
    trials, tags = list(entries(run)), summary(run)
    if store is not None:
        _write_experiment(store, name, tags, trials)
        return f"mlflow ui --backend-store-uri {shlex.quote(store)}"
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / FILE).resolve()
    address = _address(file)
    # MLflow makes folders for an address as it stands, and remembers what it has opened by it. So
    # one that does not stand for itself is relative, and is another one for each file.
    same = f"./{'./' * (zlib.crc32(str(file).encode()) % 1000)}{FILE}"
    with contextlib.chdir(folder):
        _write_experiment(f"sqlite:///{file if _is_plain(file) else same}", name, tags, trials)
    if address is None:
        there = shlex.quote(str(file.parent))
        return f"cd {there} && mlflow ui --backend-store-uri sqlite:///{FILE}"
    return f"mlflow ui --backend-store-uri {shlex.quote(address)}"


def _address(file: Path) -> str | None:
    """Return an address that is read as the path of a file; None where there is none."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - comes with mlflow

    addresses = [f"sqlite:///{text}" for text in (str(file), quote(file.as_posix()))]
    return next((text for text in addresses if make_url(text).database == str(file)), None)


def _is_plain(file: Path) -> bool:
    return file.as_posix() == quote(file.as_posix())


def _write_experiment(store: str, name: str, tags: dict[str, Any], trials: Sequence[Entry]) -> None:
    """Write an experiment anew.

    Args:
        store: Address of MLflow's.
        name: Of the experiment.
        tags: Of the experiment.
        trials: Of the run.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - an extra

    client = MlflowClient(tracking_uri=store)
    existing = client.get_experiment_by_name(name)
    existing_id = existing and existing.experiment_id
    experiment = existing_id or client.create_experiment(name, tags=tags)
    for old in client.search_runs([experiment], max_results=50_000):  # written anew, not twice
        client.delete_run(old.info.run_id)
    for entry in trials:
        _write_trial(client, experiment, entry)


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
