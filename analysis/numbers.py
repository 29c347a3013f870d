"""What the figures show, as tidy frames: all computing happens here, none in a figure."""

import math
import re
from enum import StrEnum

import numpy as np
import pandas as pd

from analysis.load import Run
from analysis.tables import answers, metric, rows_of, yardstick
from trainables.metrics.intervals import curve_interval

SCORES = {"acc": "accuracy", "bacc": "balanced accuracy", "auc": "AUC"}
METRIC = re.compile(r"(?P<split>[a-z]+)_(?P<how>.+?)_(?P<score>acc|bacc|auc)(_(?P<point>.+))?")


class Group(StrEnum):
    """How far a trial came."""

    RANKED = "ranked"  # reached its budget
    BARRED = "barred"  # reached its budget, but misses a constraint, so cannot win
    STOPPED = "stopped"  # has a value of a rung below its budget


def standings(run: Run) -> pd.DataFrame:
    """List the trials that have a value, in the engine's order.

    Returns:
        ``trial``, ``name`` (a reference's label, or the id), ``reference``, ``winner``, ``can_win``
        (in RANKED, and no control), ``group``, ``epoch``, ``value``, ``low``, ``high``, ``clean``
        (NaN where not measured).
    """
    trials = run.trials
    columns = ["trial", "reference", "winner", "epoch", "value", "low", "high"]
    found = trials[columns].copy()
    found.insert(1, "name", trials["label"].where(trials["reference"], trials["trial"]))
    completed, barred = trials["state"] == "completed", trials["note"] != ""
    groups = np.select(
        [completed & ~barred, completed], [Group.RANKED, Group.BARRED], Group.STOPPED
    )
    found.insert(4, "can_win", completed & ~barred & ~trials["control"])
    found.insert(5, "group", groups)
    found["clean"] = metric(run, f"ranking_clean_{yardstick(run).score}")
    valued = found["value"].notna() & (trials["state"] != "failed")
    return found.loc[valued].reset_index(drop=True)


def robustness(run: Run) -> pd.DataFrame:
    """Follow the score of winner and references along the radii of each attack.

    Returns:
        ``trial``, ``name``, ``attack``, ``eps`` (in 255ths), ``value``; ``low`` and ``high`` are
        its 95 % interval under the attack that ranks, elsewhere NaN.
    """
    score, found = yardstick(run).score, standings(run)
    named = re.compile(rf"metric\.ranking_(?P<attack>.+)_{score}_eps(?P<eps>[0-9.e-]+)")
    columns = {name: at for name in run.trials.columns if (at := named.fullmatch(name))}
    shown = found[found["winner"] | (found["reference"] & (found["group"] != Group.STOPPED))]
    ranked_under = run.manifest.get("settings", {}).get("attack")
    rows = []
    for trial in rows_of(shown.merge(run.trials[["trial", *columns]], on="trial")):
        bounds = _bounds(run, trial.trial)
        values = {
            (at["attack"], float(at["eps"])): getattr(trial, name) for name, at in columns.items()
        }
        values |= {(attack, 0.0): trial.clean for attack, _ in values}
        for (attack, eps), value in sorted(values.items()):
            known = bounds.get(round(eps, 6)) if attack == ranked_under else None
            low, high = known or (math.nan, math.nan)
            rows.append((trial.trial, trial.name, attack, eps, value, low, high))
    names = ["trial", "name", "attack", "eps", "value", "low", "high"]
    return pd.DataFrame(rows, columns=names).dropna(subset="value", ignore_index=True)


def best_so_far(run: Run) -> pd.DataFrame:
    """Follow the best value over the sampled trials, in the order in which they ended.

    Returns:
        ``number`` from 1, ``trial``, ``group``, ``value``, and ``best``: the best value so far of a
        trial that can win, NaN before the first.
    """
    found = run.trials[["trial", "ended_s"]].merge(standings(run), how="left", on="trial")
    sampled = ~run.trials["reference"].to_numpy(dtype=bool) & found["ended_s"].notna().to_numpy()
    found = found[sampled].sort_values(["ended_s", "trial"], ignore_index=True)
    found.insert(0, "number", range(1, len(found) + 1))
    eligible = found["value"].where(found["group"] == Group.RANKED)
    most = eligible.cummax() if run.objective.direction == "max" else eligible.cummin()
    found["best"] = most.ffill()
    return found[["number", "trial", "group", "value", "best"]]


def hyperparameters(run: Run) -> pd.DataFrame:
    """Pair the values of sampled trials with every hyperparameter that differs between them.

    Returns:
        ``name`` of the hyperparameter, ``setting``, ``trial``, ``group``, ``epoch``, ``value``.
    """
    found = standings(run).merge(run.trials.drop(columns=["value", "epoch"]), on="trial")
    sampled = found[found["label"] == ""]
    parts = [
        sampled[["trial", "group", "epoch", "value"]].assign(
            name=column.removeprefix("config."), setting=sampled[column].astype(object)
        )
        for column in run.trials.columns
        if column.startswith("config.") and len(sampled[column].dropna().unique()) > 1
    ]
    names = ["name", "setting", "trial", "group", "epoch", "value"]
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names].dropna(subset="setting", ignore_index=True)


def describe(name: str) -> str:
    """Say in words what a metric is; a name that follows no rule stays as it is."""
    found = METRIC.fullmatch(name)
    if found is None:
        return name.replace("_", " ")
    score, how, point = SCORES[found["score"]], found["how"], found["point"]
    if how in {"clean", "noise"}:
        words = f"{score} on {'clean' if how == 'clean' else 'noisy'} images"
    else:
        words = f"{score} under {how.upper()}"
    if point == "curve":
        words += ", mean over ε"
    elif point:
        words += f", ε = {point.removeprefix('eps')}/255"
    return words if found["split"] == "ranking" else f"{words} ({found['split']})"


def chance_of(run: Run, name: str) -> float:
    """Return what a constant answer scores by a metric; NaN where that is not known."""
    score, chance = yardstick(run)
    found = METRIC.fullmatch(name)
    return chance if found is not None and found["score"] == score else math.nan


def is_wide(values: pd.Series) -> bool:
    """Tell whether numbers need a logarithmic axis: positive, and tenfold apart."""
    numbers = pd.to_numeric(values, errors="coerce")
    return bool((numbers > 0).all() and numbers.max() >= 10 * numbers.min())


def _bounds(run: Run, trial: str) -> dict[float, tuple[float, float]]:
    """Return the 95 % interval of balanced accuracy at each radius in 255ths."""
    found = answers(run, trial)
    if found is None or found.labels.ndim != 1:
        return {}
    return {
        round(255 * eps, 6): curve_interval(correct[None], found.labels, [eps], seed=0)[1:]
        for eps, correct in zip(found.eps, found.correct, strict=True)
    }
