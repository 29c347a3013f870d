"""Tables of a run, as a person reads them."""

import math
from types import SimpleNamespace
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.load import Run
from analysis.vocabulary import CLASSIFICATION, SCORES, SYNTHESIS, Kind, score_of
from search.record.run_folder import RunFolder


class Answers(NamedTuple):
    """Scores (E, N) of N images or subjects at E radii of the attack that ranks.

    Right answers to labels (N,), or (N, L); or numbers, where all labels are the same.
    """

    scores: npt.NDArray[np.bool_ | np.floating]
    labels: npt.NDArray[np.integer]
    eps: tuple[float, ...]


class Yardstick(NamedTuple):
    """The score that figures show, and the level that a model has to beat: NaN if not known."""

    score: str
    level: float

    @property
    def kind(self) -> Kind:
        """What the score shares with others."""
        return SCORES[self.score].kind


def leaderboard(run: Run) -> pd.DataFrame:
    """List the trials, best first, in the engine's order.

    Returns:
        ``rank``, ``trial`` (id and label), ``value`` with its 95 % interval ``low`` to ``high``,
        the columns of the score's kind, such as ``clean`` and ``fgsm`` (over all radii), NaN where
        not measured, ``epochs``, ``state`` and ``note`` (winner, or why it cannot win).
    """
    trials, yard = run.trials, yardstick(run)
    found = trials[["rank", "trial", "value", "low", "high"]].copy()
    named = [" ".join(filter(None, pair)) for pair in zip(trials.trial, trials.label, strict=True)]
    scaled = np.where(trials["scaled"], " (scaled)", "")
    found["trial"] = [name + mark for name, mark in zip(named, scaled, strict=True)]
    for column, name in yard.kind.columns.items():
        found[column] = metric(run, name.format(score=yard.score))
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
    """Choose the score that figures show, by what the run measured."""
    ranked_by = score_of(run.objective.metric)
    measured = [score for score in SCORES if f"metric.ranking_clean_{score}" in run.trials]
    known = [score for score in (ranked_by, *measured) if score is not None]
    if known and SCORES[known[0]].kind is SYNTHESIS:
        score = ranked_by or SYNTHESIS.kept
        return Yardstick(score, run.manifest.get("details", {}).get(f"trivial_{score}", math.nan))
    return _of_classifiers(run)


def _of_classifiers(run: Run) -> Yardstick:
    """Choose the score that neither a constant classifier nor an imbalance can flatter."""
    for trial in run.trials["trial"]:
        found = answers(run, trial)
        if found is not None and found.labels.ndim == 2:
            return Yardstick("auc", 0.5)
        if found is not None:
            return Yardstick(CLASSIFICATION.kept, 1 / len(np.unique(found.labels)))
    return Yardstick(CLASSIFICATION.kept, math.nan)
