"""Tables of a run, as a person reads them."""

import math
from statistics import fmean
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.load import Run
from search.record.run_folder import RunFolder
from searchspace.errors import UserError
from trainables.metrics.skill import CURVE, SKILL
from trainables.study import ranking_file
from trainables.study.about import About
from trainables.study.ranking_file import RankingScores


class Yardstick(NamedTuple):
    """The score that figures show, and the level that a model has to beat: NaN if not known."""

    score: str
    level: float


def leaderboard(run: Run) -> pd.DataFrame:
    """List the trials, best first, in the engine's order.

    Returns:
        ``rank``, ``trial`` (id and label), ``value`` with its 95 % interval ``low`` to ``high``,
        the columns of the study, such as ``clean`` and ``fgsm`` (over all radii), NaN where
        not measured, ``epochs``, ``state`` and ``note`` (winner, or why it cannot win).
    """
    trials, yard = run.trials, yardstick(run)
    frame = trials[["rank", "trial", "value", "low", "high"]].copy()
    named = [" ".join(filter(None, pair)) for pair in zip(trials.trial, trials.label, strict=True)]
    scaled = np.where(trials["scaled"], " (scaled)", "")
    frame["trial"] = [name + mark for name, mark in zip(named, scaled, strict=True)]
    for column, name in run.about.columns.items():
        frame[column] = metric(run, _measured(run, name.format(score=yard.score)))
    frame["epochs"] = trials["epoch"]
    frame["state"] = trials["state"]
    notes = trials["note"].mask(trials["control"] & (trials["note"] == ""), "control: cannot win")
    frame["note"] = notes.mask(trials["winner"], "winner")
    return frame


def configs(run: Run) -> pd.DataFrame:
    """List the config of every trial, best first: ``rank``, ``trial``, one column a field."""
    columns = [name for name in run.trials.columns if name.startswith("config.")]
    frame = run.trials[["rank", "trial", *columns]]
    return frame.rename(columns=lambda name: name.removeprefix("config."))


def _measured(run: Run, name: str) -> str:
    """Return a metric's name, or of a skill that an older run did not measure, what stood for it.

    That was the area under the curve, and under noise the score at the only level.
    """
    stem = name.removesuffix(f"_{SKILL}")
    names = (name, f"{stem}_{CURVE}", stem) if stem != name else (name,)
    return next((item for item in names if f"metric.{item}" in run.trials), name)


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows as objects with the columns as attributes; types are the frame's."""
    return [
        SimpleNamespace(**{str(k): v for k, v in row.items()}) for row in frame.to_dict("records")
    ]


def metric(run: Run, name: str) -> pd.Series:
    """Return a metric of every trial's last report, NaN where there is none.

    Of a trial with several trainings it is the mean over those that its value counts.
    """
    column = f"metric.{name}"
    if column not in run.trials:
        return pd.Series(math.nan, run.trials.index, dtype=float)
    values = run.trials[column].astype(float).copy()
    for place, row in enumerate(run.rows):
        if row.seeds > 1:
            values.iloc[place] = fmean(
                training.reports[-1].metrics.get(name, math.nan) for training in row.counted
            )
    return values


def answers(run: Run, trial: str) -> RankingScores | None:
    """Read a trial's answers; None where it kept none, or they were cut short by a kill."""
    try:
        return ranking_file.read(RunFolder(run.folder).trial(trial))
    except UserError:
        return None


def yardstick(run: Run) -> Yardstick:
    """Choose the score that figures show, and the level that a model has to beat.

    The level is that of a constant answer as the run measured it. Runs that did not, but kept right
    and wrong answers, have it by the number of classes, for the score that the study keeps; of
    several labels an image, it is that of the score whose level is the same for all data.
    """
    score = run.vocabulary.score_of(run.objective.metric) or run.about.kept
    level = run.manifest.get("constant", {}).get(f"ranking_clean_{score}")
    level = run.manifest.get("details", {}).get(f"trivial_{score}", level)
    if level is not None:
        return Yardstick(score, level)
    readings = (answers(run, trial) for trial in run.trials["trial"])
    first = next((reading for reading in readings if reading is not None), None)
    if first is None or first.scores.dtype != np.bool_:
        return Yardstick(score, math.nan)
    if first.labels.ndim == 1:
        return Yardstick(run.about.kept, 1 / len(np.unique(first.labels)))
    return _of_labels(run.about, score)


def _of_labels(about: About, score: str) -> Yardstick:
    """Choose a score whose level is the same for all data, best the one that ranks."""
    levels = {key: entry.level for key, entry in about.scores.items() if entry.level is not None}
    name = score if score in levels else next(iter(levels), score)
    return Yardstick(name, levels.get(name, math.nan))
