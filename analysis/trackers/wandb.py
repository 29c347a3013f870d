"""A run as a group of Weights & Biases: a run of theirs is a trial."""

import os
from pathlib import Path

from analysis.load import Run
from analysis.trackers.entries import entries, summary


def write(run: Run, folder: Path) -> str:
    """Write a group of runs; say where.

    WANDB_MODE decides where it goes; without one it stays here, until ``wandb sync`` uploads it.
    """
    import wandb  # noqa: PLC0415 - an extra

    folder.mkdir(parents=True, exist_ok=True)
    about, mode = summary(run), os.environ.get("WANDB_MODE", "offline")
    for entry in entries(run):
        with wandb.init(
            project=about["study"],
            group=run.folder.resolve().name,
            name=entry.name,
            config={**entry.config, **entry.tags},
            tags=[entry.tags["state"], *(["winner"] if entry.tags["winner"] == "true" else [])],
            dir=str(folder),
            mode=mode,
            reinit="create_new",
        ) as tracked:
            for point in entry.points:
                tracked.log(point.values, step=point.rung)
    return f"wandb sync {folder / 'wandb'}/offline-run-*" if mode == "offline" else about["study"]
