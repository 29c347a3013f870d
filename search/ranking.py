"""Who won, and by how much: the order of a run's trials, and the gain over its references."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isclose

import numpy as np

from search.objective import Objective, Standing
from search.run_folder import RunFolder
from search.trial import State, Trial
from trainables.metrics.intervals import paired_difference


@dataclass(frozen=True)
class Row:
    """A trial's place.

    Attributes:
        trial: The trial.
        value: The metric at its last report; NaN where it has none.
        interval: The metric's 95 % interval, where it was reported.
        note: Why it cannot win; empty where it can.
    """

    trial: Trial
    value: float
    interval: tuple[float, float] | None
    note: str


@dataclass(frozen=True)
class Gain:
    """By how much the winner exceeds a reference; positive is better.

    Attributes:
        over: The reference.
        value: The difference of the two values, towards better.
        interval: Its 95 % interval, paired by image; None where the metric has none.
    """

    over: Trial
    value: float
    interval: tuple[float, float] | None


def rank(trials: Iterable[Trial], objective: Objective) -> list[Row]:
    """Order trials, best first.

    A value counts for what it is only at the full budget. So: completed trials that meet their
    constraints, by value; completed ones that do not; those stopped below their budget, by rung and
    value; failed ones.
    """
    return [_row(trial, objective) for trial in sorted(trials, key=lambda t: _place(t, objective))]


def winner(rows: list[Row]) -> Row | None:
    """Return the first row of a trial that reached its budget and is no control; None without one.

    A control that ranks higher stays there, and the winner's gain over it is negative: that a
    search was not worth it is a result.
    """
    return next((row for row in rows if not row.note and not row.trial.control), None)


def gains(first: Row, rows: list[Row], objective: Objective, folder: RunFolder) -> list[Gain]:
    """Compare the winner with every other reference that reached its budget."""
    sign = 1.0 if objective.direction == "max" else -1.0
    return [
        Gain(row.trial, gain, _paired_interval(first.trial, row.trial, gain, sign, folder))
        for row in rows
        if row.trial.is_reference
        and row.trial is not first.trial
        and row.trial.state is State.COMPLETED
        for gain in [sign * (first.value - row.value)]
    ]


def _place(trial: Trial, objective: Objective) -> tuple[int, int, Standing, str]:
    """Return the sort key: smaller is better, ties in the order of proposal."""
    if not trial.reports:
        return (3, 0, (0.0, 0.0), trial.id)
    violation, value = objective.standing(trial.reports[-1])
    standing = (-violation, -value)
    if trial.state is State.COMPLETED:
        return (0, 0, standing, trial.id)  # it puts the violation of constraints first
    return (3 if trial.state is State.FAILED else 2, -trial.rung, standing, trial.id)


def _row(trial: Trial, objective: Objective) -> Row:
    if not trial.reports:
        return Row(trial, float("nan"), None, trial.reason or trial.state)
    last = trial.reports[-1]
    note = trial.reason
    if trial.state is State.COMPLETED:
        missed = [name for name, value in last.constraints.items() if not value <= 0]
        note = f"{', '.join(missed)} missed" if missed else ""
    elif not note:
        note = trial.state
    return Row(trial, objective.value(last), last.intervals.get(objective.metric_of(last)), note)


def _paired_interval(
    first: Trial, other: Trial, gain: float, sign: float, folder: RunFolder
) -> tuple[float, float] | None:
    """Bootstrap the gain over the images, or subjects, that both answered.

    The answers belong to the study's own metric. Where the run is ranked by another one, or trials
    save none, the difference of the answers is not the difference of the values, and there is no
    interval to show.
    """
    files = [folder.trial(trial.id) / "ranking.npz" for trial in (first, other)]
    if not all(file.is_file() for file in files):
        return None
    with np.load(files[0], allow_pickle=False) as a, np.load(files[1], allow_pickle=False) as b:
        if not np.array_equal(a["labels"], b["labels"]) or a["labels"].ndim != 1:
            return None
        better, worse = (a, b) if sign > 0 else (b, a)
        found = paired_difference(
            better["scores"], worse["scores"], a["labels"], a["eps"].tolist(), seed=0
        )
    return (found.low, found.high) if isclose(found.value, gain, abs_tol=1e-6) else None
