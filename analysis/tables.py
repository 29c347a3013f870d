"""Tables of a run, as a person reads them."""

import math
from types import SimpleNamespace
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.load import Run
from search.run_folder import RunFolder


class Answers(NamedTuple):
    """Right answers (E, N) to labels (N,), or (N, L), at E radii of the attack that ranks."""

    correct: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.integer]
    eps: tuple[float, ...]


class Yardstick(NamedTuple):
    """The score that figures show, and what a constant answer scores: NaN where nobody knows."""

    score: str
    chance: float


def leaderboard(run: Run) -> pd.DataFrame:
    """List the trials, best first, in the engine's order.

    Returns:
        ``rank``, ``trial`` (id and label), ``value`` with its 95 % interval ``low`` to ``high``,
        the scores ``clean``, with Gaussian ``noise`` and under ``fgsm`` (over all radii), NaN where
        not measured, ``epochs``, ``state`` and ``note`` (winner, or why it cannot win).
    """
    trials, score = run.trials, yardstick(run).score
    found = trials[["rank", "trial", "value", "low", "high"]].copy()
    named = [" ".join(filter(None, pair)) for pair in zip(trials.trial, trials.label, strict=True)]
    scaled = np.where(trials["scaled"], " (scaled)", "")
    found["trial"] = [name + mark for name, mark in zip(named, scaled, strict=True)]
    found["clean"] = metric(run, f"ranking_clean_{score}")
    found["noise"] = metric(run, f"ranking_noise_{score}")
    found["fgsm"] = metric(run, f"ranking_fgsm_{score}_curve")
    found["epochs"] = trials["epoch"]
    found["state"] = trials["state"]
    known = trials["note"].mask(trials["control"] & (trials["note"] == ""), "control: cannot win")
    found["note"] = known.mask(trials["winner"], "winner")
    return found


def configs(run: Run) -> pd.DataFrame:
    """List the config of every trial, best first: ``rank``, ``trial``, one column a field."""
    columns = [name for name in run.trials.columns if name.startswith("config.")]
    found = run.trials[["rank", "trial", *columns]]
    return found.rename(columns=lambda name: name.removeprefix("config."))


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows as objects with the columns as attributes; types are the frame's."""
    return [
        SimpleNamespace(**{str(k): v for k, v in row.items()}) for row in frame.to_dict("records")
    ]


def metric(run: Run, name: str) -> pd.Series:
    """Return a metric of every trial's last report, NaN where there is none."""
    column = f"metric.{name}"
    if column not in run.trials:
        return pd.Series(math.nan, run.trials.index, dtype=float)
    return run.trials[column].astype(float)


def answers(run: Run, trial: str) -> Answers | None:
    """Read a trial's answers; None where it kept none."""
    path = RunFolder(run.folder).trial(trial) / "ranking.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Answers(arrays["scores"], arrays["labels"], tuple(arrays["eps"].tolist()))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):  # absent, or cut short by a kill
        return None


def yardstick(run: Run) -> Yardstick:
    """Choose the score that neither a constant classifier nor an imbalance can flatter."""
    for trial in run.trials["trial"]:
        found = answers(run, trial)
        if found is not None and found.labels.ndim == 2:
            return Yardstick("auc", 0.5)
        if found is not None:
            return Yardstick("bacc", 1 / len(np.unique(found.labels)))
    return Yardstick("bacc", math.nan)
