"""What the figures show, as tidy frames: all computing happens here, none in a figure."""

import math
from enum import StrEnum

import numpy as np
import pandas as pd

from analysis.extras import extras_of
from analysis.load import Run
from analysis.numbers.remember import once_a_run
from analysis.numbers.tables import Yardstick, answers, metric, rows_of, yardstick
from analysis.vocabulary import EPS
from search.results.ranking import front
from trainables.metrics.classification import Labels
from trainables.metrics.intervals import Scores, curve_interval, mean_interval
from trainables.metrics.skill import SKILL

DRAWN = 60  # hyperparameters: a study has about thirty, a stranger's record may have a thousand


class Group(StrEnum):
    """How far a trial came."""

    RANKED = "ranked"  # reached its budget
    BARRED = "barred"  # reached its budget, but misses a constraint, so cannot win
    STOPPED = "stopped"  # has a value of a rung below its budget


@once_a_run
def standings(run: Run) -> pd.DataFrame:
    """List the trials that have a value, in the engine's order.

    Returns:
        ``trial``, ``name`` (a reference's label, or the id), ``reference``, ``winner``, ``can_win``
        (in RANKED, and no control), ``group``, ``epoch``, ``value``, ``low``, ``high``, ``clean``
        (NaN where not measured).
    """
    trials = run.trials
    columns = ["trial", "reference", "winner", "epoch", "value", "low", "high"]
    frame = trials[columns].copy()
    frame.insert(1, "name", trials["label"].where(trials["reference"], trials["trial"]))
    completed, barred = trials["state"] == "completed", trials["note"] != ""
    groups = np.select(
        [completed & ~barred, completed], [Group.RANKED, Group.BARRED], Group.STOPPED
    )
    frame.insert(4, "can_win", completed & ~barred & ~trials["control"])
    frame.insert(5, "group", groups)
    frame["clean"] = metric(run, f"ranking_clean_{yardstick(run).score}")
    valued = frame["value"].notna() & (trials["state"] != "failed")
    return frame.loc[valued].reset_index(drop=True)


@once_a_run
def robustness(run: Run) -> pd.DataFrame:
    """Follow the score of winner and references along the radii of each attack.

    Returns:
        ``trial``, ``name``, ``attack``, ``eps`` (as the metrics name it), ``value``; ``low`` and
        ``high`` are its 95 % interval under the attack that ranks, elsewhere NaN.
    """
    yard, frame = yardstick(run), standings(run)
    columns = _points(run, yard.score)
    trials = frame[frame["winner"] | (frame["reference"] & (frame["group"] != Group.STOPPED))]
    ranked_under = run.manifest.get("settings", {}).get("attack")
    rows = []
    scores = pd.DataFrame(
        {column: metric(run, column.removeprefix("metric.")) for column in columns}
    )
    scores["trial"] = run.trials["trial"]
    for trial in rows_of(trials.merge(scores, on="trial")):
        bounds = _bounds(run, trial.trial, yard)
        values = {point: getattr(trial, column) for column, point in columns.items()}
        values |= {(attack, 0.0): trial.clean for attack, _ in values}
        for (attack, eps), value in sorted(values.items()):
            interval = bounds.get(round(eps, 6)) if attack == ranked_under else None
            low, high = interval or (math.nan, math.nan)
            rows.append((trial.trial, trial.name, attack, eps, value, low, high))
    names = ["trial", "name", "attack", "eps", "value", "low", "high"]
    return pd.DataFrame(rows, columns=names).dropna(subset="value", ignore_index=True)


def best_so_far(run: Run) -> pd.DataFrame:
    """Follow the best value over the sampled trials, in the order in which they ended.

    Returns:
        ``number`` from 1, ``ended_s`` (seconds of work from the start of the run, references
        included), ``trial``, ``group``, ``value``, and ``best``: the best value so far of a trial
        that can win, NaN before the first.
    """
    frame = run.trials[["trial", "ended_s"]].merge(standings(run), how="left", on="trial")
    sampled = ~run.trials["reference"].to_numpy(dtype=bool) & frame["ended_s"].notna().to_numpy()
    frame = frame[sampled].sort_values(["ended_s", "trial"], ignore_index=True)
    frame.insert(0, "number", range(1, len(frame) + 1))
    eligible = frame["value"].where(frame["group"] == Group.RANKED)
    best = eligible.cummax() if run.objective.direction == "max" else eligible.cummin()
    frame["best"] = best.ffill()
    return frame[["number", "ended_s", "trial", "group", "value", "best"]]


def second_metric(run: Run) -> str:
    """Name what stands beside the metric that ranks: the other objective, or the clean score."""
    second = run.objective.other
    return second.metric if second else f"ranking_clean_{yardstick(run).score}"


def trade_off(run: Run) -> pd.DataFrame:
    """Pair the values of trials that reached their budget with the second metric.

    Returns:
        The columns of `standings`, ``other`` (of `second_metric`), and ``front``: whether the trial
        is on the Pareto front, of two objectives and among those that met every constraint.
    """
    frame = standings(run)
    second = metric(run, second_metric(run)).set_axis(run.trials["trial"])
    on_front = {row.trial.id for row in front(list(run.rows), run.objective)}
    frame["other"] = frame["trial"].map(second)
    frame["front"] = frame["trial"].isin(on_front)
    reached = frame["group"] != Group.STOPPED
    return frame[reached].dropna(subset="other").reset_index(drop=True)


@once_a_run
def hyperparameters(run: Run) -> pd.DataFrame:
    """Pair the values of sampled trials with every hyperparameter that differs between them.

    What is no axis, such as an architecture, is described by numbers in its place.

    Returns:
        ``name`` of the hyperparameter, ``setting``, ``trial``, ``group``, ``epoch``, ``value``.
    """
    frame = standings(run).merge(run.trials.drop(columns=["value", "epoch"]), on="trial")
    sampled = frame[frame["label"] == ""]
    parts = [
        sampled[["trial", "group", "epoch", "value"]].assign(
            name=str(name), setting=settings.astype(object)
        )
        for name, settings in settings_of(run, sampled).items()
        if len(settings.dropna().unique()) > 1
    ]
    names = ["name", "setting", "trial", "group", "epoch", "value"]
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names].dropna(subset="setting", ignore_index=True)


def level_of(run: Run, name: str) -> float:
    """Return the level that a model has to beat by a metric; NaN where that is not known.

    It is what the run measured for a constant answer; for older runs that of the metric's score,
    and 0 for a skill.
    """
    measured = run.manifest.get("constant", {}).get(name)
    if measured is not None:
        return float(measured)
    parts = run.vocabulary.parse(name)
    if parts is not None and parts.point == SKILL:
        return 0.0
    score, level = yardstick(run)
    return level if run.vocabulary.score_of(name) == score else math.nan


def fence(run: Run, values: pd.Series) -> float:
    """Return the value beyond which an axis should not follow: inf where it can show all.

    An error has no upper bound: the one of a network that diverged would press all others into a
    line. Tukey's outer fence, and at least half above the third quartile.
    """
    if run.objective.direction == "max" or values.isna().all():
        return math.inf
    low, high = values.quantile([0.25, 0.75])
    bound = max(high + 3 * (high - low), 1.5 * high)
    return float(bound) if values.max() > bound > 0 else math.inf


def is_wide(values: pd.Series) -> bool:
    """Tell whether numbers need a logarithmic axis: positive, and tenfold apart."""
    numbers = pd.to_numeric(values, errors="coerce")
    return bool((numbers > 0).all() and numbers.max() >= 10 * numbers.min())


def settings_of(run: Run, trials: pd.DataFrame) -> pd.DataFrame:
    """Return the hyperparameters of trials, one column each, as they are drawn: the first 60.

    Args:
        run: Whose trials they are.
        trials: Rows of its ``trials``.
    """
    columns = [name for name in trials.columns if str(name).startswith("config.")]
    settings = trials[columns].rename(columns=lambda name: name.removeprefix("config."))
    return extras_of(run.about.name).settings(run, settings.iloc[:, :DRAWN])


def _points(run: Run, score: str) -> dict[str, tuple[str, float]]:
    """Return the columns of ``trials`` that hold a score under an attack: attack and radius."""
    names = {
        column: run.vocabulary.parse(str(column).removeprefix("metric."))
        for column in run.trials.columns
    }
    return {
        column: (name.measurement, float(name.point.removeprefix(EPS)))
        for column, name in names.items()
        if name and (name.split, name.score) == ("ranking", score) and name.point.startswith(EPS)
    }


def _bounds(run: Run, trial: str, yard: Yardstick) -> dict[float, tuple[float, float]]:
    """Return the 95 % interval of the score at each radius, where single answers were kept.

    Of several trainings it is that of their mean answers to each image.
    """
    if yard.score != run.about.kept:
        return {}
    row = next(row for row in run.rows if row.trial.id == trial)
    saved = [answers(run, training.id) for training in row.counted or (row.trial,)]
    readings = [reading for reading in saved if reading is not None and reading.labels.ndim == 1]
    if len(readings) < len(saved):
        return {}
    first, several = readings[0], [reading.scores for reading in readings]
    means = first.scores if len(several) == 1 else np.mean(several, axis=0)
    return {
        round(run.about.threat.scale * eps, 6): _interval(scores, first.labels)
        for eps, scores in zip(first.eps, means, strict=True)
    }


def _interval(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Bootstrap within classes; of one kind only, a single one says nothing of others."""
    if len(np.unique(labels)) == 1:
        return mean_interval(scores.astype(np.float64))[1:]
    return curve_interval(scores[None], labels, [0.0], seed=0)[1:]
