"""Who won, and by how much: the order of a run's trials, ties, and the gain over its references."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from search.engine.objective import Objective, Standing
from search.engine.pareto import Points, depths, distances_to_ideal, hypervolume
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from trainables.metrics.intervals import paired_difference
from trainables.study import ranking_file

COMPARED = 50  # rows that are compared with the winner: each reads two files
RACED = 4  # leaders that get more seeds, at most


@dataclass(frozen=True)
class Row:
    """A trial's place.

    Attributes:
        trial: The trial.
        value: The metric at its last report; of a raced trial the mean over its seeds; NaN where
            it has none.
        interval: The metric's 95 % interval, where it was reported; of a raced trial the least and
            the greatest value of its seeds.
        note: Why it cannot win; empty where it can.
        seeds: How many completed.
    """

    trial: Trial
    value: float
    interval: tuple[float, float] | None
    note: str
    seeds: int = 1


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

    A value counts for what it is only at the last rung. So: completed trials that meet their
    constraints, by value; completed ones that do not; those stopped below, by rung and value;
    failed ones. Trials that were raced (`leaders`) go before all that were not, which had been told
    apart from the winner; among themselves their means over seeds count. Of two objectives, see
    `front`.
    """
    members = list(trials)
    seeds: dict[str, list[Trial]] = {}
    for trial in members:
        if trial.repeats and trial.state is State.COMPLETED:
            seeds.setdefault(trial.repeats, []).append(trial)
    rows = [
        _row(trial, seeds.get(trial.id, []), objective) for trial in members if not trial.repeats
    ]
    rows.sort(key=lambda row: _place(row, objective))
    return rows if objective.other is None else _by_front(rows, objective)


def front(rows: list[Row], objective: Objective) -> list[Row]:
    """List the rows that no other dominates, of those that met every constraint."""
    able = [row for row in rows if not row.note]
    if not able or objective.other is None:
        return []
    front_depths = depths(_points(able, objective))
    return [row for row, depth in zip(able, front_depths, strict=True) if depth == 0]


def front_of(rows: list[Row], objective: Objective) -> dict[str, Any] | None:
    """Describe the Pareto front: its trials, the area that they dominate, and from which corner.

    The corner is the worst of the references in each objective: the same for every search with the
    same settings, as far as training repeats itself. Without references there is no corner.
    """
    best = front(rows, objective)
    if not best:
        return None
    description: dict[str, Any] = {"trials": [row.trial.id for row in best]}
    references = [
        row for row in rows if row.trial.is_reference and row.trial.state is State.COMPLETED
    ]
    if references:
        first, second = _points(references, objective).min(axis=0).tolist()
        description["hypervolume"] = hypervolume(_points(best, objective), (first, second))
        direction = objective.other.direction if objective.other else "max"
        description["corner"] = [
            sign_of(objective) * first,
            second if direction == "max" else -second,
        ]
    return description


def _by_front(rows: list[Row], objective: Objective) -> list[Row]:
    """Order completed trials by front, then by their distance to the best of the first front.

    So the winner is the trial on the front nearest to the front's best values, each objective
    scaled to the front's range; of two as near, the better by the first metric.
    """
    able = [row for row in rows if not row.note]
    if not able:
        return rows
    points = _points(able, objective)
    front_depths = depths(points)
    far = distances_to_ideal(
        points, [index for index, depth in enumerate(front_depths) if depth == 0]
    )
    order = np.lexsort((far.round(9), front_depths))
    return [able[index] for index in order] + [row for row in rows if row.note]


def _points(rows: list[Row], objective: Objective) -> Points:
    return np.array([objective.merits(row.trial.reports[-1]) for row in rows])


def winner(rows: list[Row]) -> Row | None:
    """Return the first row of a trial that reached its budget and is no control; None without one.

    A control that ranks higher stays there, and the winner's gain over it is negative: that a
    search was not worth it is a result.
    """
    return next((row for row in rows if _can_win(row)), None)


def gains(first: Row, rows: list[Row], objective: Objective, folder: RunFolder) -> list[Gain]:
    """Compare the winner with every other reference that reached its budget.

    Args:
        first: The winner's row.
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    sign = sign_of(objective)
    return [
        Gain(row.trial, gain, _paired_interval(first, row, gain, sign, folder))
        for row in rows
        if row.trial.is_reference
        and row.trial is not first.trial
        and row.trial.state is State.COMPLETED
        for gain in [sign * (first.value - row.value)]
    ]


def tied(rows: list[Row], objective: Objective, folder: RunFolder) -> list[Row]:
    """List the rows that cannot be told apart from the winner, the winner first.

    The 95 % interval of the difference, paired by image or subject, includes 0; of raced trials,
    the ranges over their seeds overlap. Where trials save no answers nothing can be told, and the
    winner is alone.

    Args:
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    first = winner(rows)
    if first is None:
        return []
    sign = sign_of(objective)
    rivals = [row for row in rows if row is not first and _can_win(row)][:COMPARED]
    return [first, *(row for row in rivals if _overlap(first, row, sign, folder))]


def leaders(rows: Sequence[Row], objective: Objective, folder: RunFolder) -> list[Trial]:
    """List the trials that more seeds are worth: the winner and those tied with it, at most four.

    A winner alone has no rival to be told apart from, and gets none.

    Args:
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    single = [row for row in rows if row.seeds == 1] or list(rows)
    trials = [row.trial for row in tied(single, objective, folder)][:RACED]
    return trials if len(trials) > 1 else []


def _overlap(first: Row, row: Row, sign: float, folder: RunFolder) -> bool:
    if first.seeds > 1:
        a, b = first.interval, row.interval
        return bool(row.seeds > 1 and a and b and max(a[0], b[0]) <= min(a[1], b[1]))
    gain = sign * (first.value - row.value)
    bounds = _paired_interval(first, row, gain, sign, folder)
    return bounds is not None and bounds[0] <= 0 <= bounds[1]


def _can_win(row: Row) -> bool:
    return not row.note and not row.trial.control


def sign_of(objective: Objective) -> float:
    """Return 1 where more is better, else -1."""
    return 1.0 if objective.direction == "max" else -1.0


def _place(row: Row, objective: Objective) -> tuple[int, int, Standing, str]:
    """Return the sort key: smaller is better, ties in the order of proposal."""
    trial = row.trial
    if not trial.reports:
        return (3, 0, (0.0, 0.0), trial.id)
    violation, value = objective.standing(trial.reports[-1])[:2]
    if row.seeds > 1:
        value = sign_of(objective) * row.value
    standing = (-violation, -value)
    if trial.state is State.COMPLETED:
        return (0, -min(row.seeds, 2), standing, trial.id)  # violation of constraints comes first
    return (3 if trial.state is State.FAILED else 2, -trial.rung, standing, trial.id)


def _row(trial: Trial, repeats: list[Trial], objective: Objective) -> Row:
    if not trial.reports:
        return Row(trial, float("nan"), None, trial.reason or trial.state)
    last = trial.reports[-1]
    note = trial.reason
    if trial.state is State.COMPLETED:
        missing = [name for training in (trial, *repeats) for name in missed(training)]
        names = list(dict.fromkeys(missing))
        note = f"{', '.join(names)} missed" if names else ""
    elif not note:
        note = trial.state
    if not repeats:
        bounds = last.intervals.get(objective.metric_of(last))
        return Row(trial, objective.value(last), bounds, note)
    values = [objective.value(training.reports[-1]) for training in (trial, *repeats)]
    return Row(trial, fmean(values), (min(values), max(values)), note, len(values))


def missed(trial: Trial) -> list[str]:
    """Name the constraints that a trial does not meet."""
    constraints: Mapping[str, float] = trial.reports[-1].constraints if trial.reports else {}
    return [name for name, value in constraints.items() if not value <= 0]


def _paired_interval(
    first: Row, second: Row, gain: float, sign: float, folder: RunFolder
) -> tuple[float, float] | None:
    return paired_interval(folder.saved(first.trial.id), folder.saved(second.trial.id), gain, sign)


def paired_interval(
    first: Path, second: Path, gain: float, sign: float
) -> tuple[float, float] | None:
    """Bootstrap the gain over the images, or subjects, that both answered: a 95 % interval.

    Args:
        first: Folder that the trial saved into.
        second: As well, of any run that ranks on the same images.
        gain: Of the first, towards better; answers that say another have no interval.
        sign: 1 where more is better, else -1.

    The answers belong to the study's own metric and to one seed. Where the run is ranked by another
    metric, by means over seeds, or trials save none, the difference of the answers is not the
    difference of the values, and there is no interval to show.

    Raises:
        UserError: If a file of answers is damaged.
    """
    a, b = ranking_file.read(first), ranking_file.read(second)
    if a is None or b is None or a.labels.ndim != 1 or not np.array_equal(a.labels, b.labels):
        return None
    better, worse = (a, b) if sign > 0 else (b, a)
    difference = paired_difference(better.scores, worse.scores, a.labels, a.eps, seed=0)
    if not isclose(difference.value, gain, abs_tol=1e-6):
        return None
    return difference.low, difference.high
