"""The claim that a run ends with: who won, by how much, and who cannot be told apart."""

import math
from typing import Any

import pandas as pd

from analysis.load import Run
from analysis.vocabulary import describe, written
from search.lock import is_running
from search.ranking import Row, gains, tied
from search.run_folder import RunFolder

CONDITIONS = {
    "finished": "finished",
    "running": "running: what follows may change",
    "died": "died: no process of this machine works on it; it can be resumed",
    "interrupted": "interrupted: what follows may change when it is resumed",
    "failed": "failed: what was done up to then",
}


def condition(run: Run) -> str:
    """Name the state of a run, a key of `CONDITIONS`; what has no state is said to have died."""
    status = str(run.manifest.get("status", "died"))
    if is_running(RunFolder(run.folder)):
        return "running"
    return "died" if status == "running" or status not in CONDITIONS else status


def winner_row(run: Run) -> Row | None:
    """Return the winner's row of the ranking; None without a winner."""
    return next((row for row in run.rows if row.trial.id == run.winner), None)


def gains_over(run: Run) -> pd.DataFrame:
    """Compare the winner with each other reference that reached its budget, as the engine does.

    Returns:
        ``over`` (the reference's label), ``control``, ``gain`` (towards better) with its 95 %
        interval ``low`` to ``high``, paired by image or subject, NaN where there is none, and
        ``verdict``: better, worse, not told apart, or not known without an interval.
    """
    columns = ["over", "control", "gain", "low", "high", "verdict"]
    first = winner_row(run)
    if first is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for one in gains(first, list(run.rows), run.objective, RunFolder(run.folder)):
        low, high = one.interval or (math.nan, math.nan)
        verdict = _verdict(low, high)
        rows.append((one.over.label, one.over.control, one.value, low, high, verdict))
    return pd.DataFrame(rows, columns=columns)


def ties(run: Run) -> list[str]:
    """Name the trials that cannot be told apart from the winner, as the engine tells them."""
    rows = tied(list(run.rows), run.objective, RunFolder(run.folder))
    return [row.trial.label or row.trial.id for row in rows if row.trial.id != run.winner]


def sentences(run: Run) -> list[str]:
    """Say who won, by how much, what cannot be told apart, and how far to trust it."""
    first, metric = winner_row(run), run.objective.metric
    sampled = sum(not (one.is_reference or one.repeats) for one in run.record)
    if first is None:
        tried = f"{sampled} sampled trials and the references"
        return [f"No winner: none of {tried} reached the last rung and met its constraints."]
    value = written(metric, first.value)
    bounds = _bounds(metric, first.interval)
    better = {"max": "higher", "min": "lower"}[run.objective.direction]
    who = f"{first.trial.id} is the best of {sampled} sampled trials"
    if first.trial.is_reference:
        who = f"{first.trial.label}, a reference, is the best"
    said = [f"{who}: {value}{bounds} of {describe(metric)}, {better} is better."]
    if first.trial.is_reference:
        said.append("No sampled trial that reached its budget beat it.")
    if first.seeds > 1:
        said.append(f"The value is the mean over {first.seeds} seeds; the range is theirs.")
    said += _compared(run)
    if others := ties(run):
        said.append(f"Cannot be told apart from it: {', '.join(others)}.")
    return [*said, "It was chosen by this value on the ranking split, so the value is optimistic."]


def _compared(run: Run) -> list[str]:
    found, metric = gains_over(run), run.objective.metric
    said = []
    for row in found.to_dict("records"):
        by, bounds = written(metric, abs(row["gain"])), (row["low"], row["high"])
        if row["verdict"] == "worse":  # by how much, so without the sign of a gain
            bounds = -row["high"], -row["low"]
        between = _bounds(metric, bounds)
        name = f"{row['over']} (a control)" if row["control"] else row["over"]
        words = {
            "better": f"Better than {name} by {by}{between}.",
            "worse": f"Worse than {name} by {by}{between}.",
            "not told apart": f"Not distinguishable from {name}: gain "
            f"{'-' if row['gain'] < 0 else '+'}{by}{between}.",
            "not known": f"{'Ahead of' if row['gain'] > 0 else 'Behind'} {name} by {by}, without "
            "an interval.",
        }
        said.append(words[row["verdict"]])
    return said


def _bounds(metric: str, bounds: Any) -> str:  # noqa: ANN401 - a pair of numbers, or None
    if bounds is None or any(math.isnan(bound) for bound in bounds):
        return ""
    low, high = (written(metric, bound) for bound in bounds)
    return f" [{low}, {high}]"


def _verdict(low: float, high: float) -> str:
    if math.isnan(low):
        return "not known"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "not told apart"
