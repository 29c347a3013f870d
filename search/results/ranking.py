"""Who won: the order of a run's trials, and the front of two objectives."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, isnan
from statistics import fmean
from typing import Any

import numpy as np

from search.engine.objective import Objective, Standing, violated
from search.engine.pareto import Points, depths, distances_to_ideal, hypervolume
from search.engine.trial import State, Trial
from search.results.seeds import Spread, spread_of, trainings_of
from trainables.metrics.skill import SKILL

ANY_GAIN = (-1.0, 1.0)  # all that is possible between two skills: it says nothing


@dataclass(frozen=True)
class Row:
    """A trial's place.

    Attributes:
        trial: The trial.
        value: The metric at the last report; the mean of it over `counted` trainings; NaN where
            there is none.
        interval: Of the value, at 95 %: over images, and over seeds where the run has trained a
            config more than once (`search.results.seeds`); None where neither is known.
        note: Why it cannot win; empty where it can.
        trainings: Of its config, completed, in order of the seeds: the trial and its repeats.
        chosen: Whether further seeds were given to it for its value.
    """

    trial: Trial
    value: float
    interval: tuple[float, float] | None
    note: str
    trainings: tuple[Trial, ...] = ()
    chosen: bool = False

    @property
    def seeds(self) -> int:
        """How many trainings of the config completed; 1 for a trial that did not."""
        return max(1, len(self.trainings))

    @property
    def counted(self) -> tuple[Trial, ...]:
        """The trainings whose mean is the value.

        The first of a chosen config is not among them: it was chosen for the luck of its seed.
        """
        return self.trainings[1:] if self.chosen else self.trainings


def rank(trials: Iterable[Trial], objective: Objective) -> list[Row]:
    """Order trials, best first.

    A value counts for what it is only at the last rung. So: completed trials that meet their
    constraints, by value; completed ones that do not; those stopped below, by rung and value;
    failed ones. Trials that were chosen for their values and got more seeds go before those of a
    single seed, by their means over these seeds: the value of a single seed that looks better does
    so for its luck, see `lucky`. Whatever else has several seeds goes by its mean among the former
    where it is no worse than they, and else among the latter: the baseline, matched controls, and
    the best of an arm whose first training was worse than another arm's trials, see `_bar`. Of two
    objectives, see `front`.
    """
    members = list(trials)
    groups = trainings_of(members)
    lost = Counter(trial.repeats for trial in members if is_lost(trial))
    spread = spread_of(groups.values(), objective)
    rows = [
        _row(trial, groups.get(trial.id, []), objective, spread, lost[trial.id])
        for trial in members
        if not trial.repeats
    ]
    bar = _bar(rows, objective)
    rows.sort(key=lambda row: _place(row, objective, bar))
    return rows if objective.other is None else _by_front(rows, objective)


def front(rows: list[Row], objective: Objective) -> list[Row]:
    """List the rows that no other dominates, of those that can win."""
    able = [row for row in rows if can_win(row)]
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
        row
        for row in rows
        if row.trial.is_reference and not row.trial.is_matched  # these depend on the winner
        if row.trial.state is State.COMPLETED
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
    scaled to the front's range; of two as near, the better by the first metric. Controls come
    behind what can win: those that are matched to the winner must not replace it.
    """
    able = [row for row in rows if can_win(row)]
    if not able:
        return rows
    points = _points(able, objective)
    front_depths = depths(points)
    far = distances_to_ideal(
        points, [index for index, depth in enumerate(front_depths) if depth == 0]
    )
    order = np.lexsort((far.round(9), front_depths))
    rest = [row for row in rows if not can_win(row)]
    return [able[index] for index in order] + sorted(rest, key=lambda row: bool(row.note))


def _points(rows: list[Row], objective: Objective) -> Points:
    return np.array([objective.merits(row.trial.reports[-1]) for row in rows])


def winner(rows: Sequence[Row]) -> Row | None:
    """Return the first row of a trial that reached its budget and is no control; None without one.

    A control that ranks higher stays there, and the winner's gain over it is negative: that a
    search was not worth it is a result.
    """
    return next((row for row in rows if can_win(row)), None)


def lucky(rows: Sequence[Row], objective: Objective) -> list[Row]:
    """List the trials of a single seed that look better than the winner, and stand behind it."""
    first = winner(rows)
    if first is None or not first.chosen or objective.other is not None:
        return []
    bar = _merit(first, objective)
    return [
        row
        for row in rows
        if can_win(row)
        and row.trial.state is State.COMPLETED
        and row.seeds == 1
        and _merit(row, objective) > bar
    ]


def can_win(row: Row) -> bool:
    """Tell whether a trial may be the winner."""
    return not row.note and not row.trial.control


def sign_of(objective: Objective) -> float:
    """Return 1 where more is better, else -1."""
    return 1.0 if objective.direction == "max" else -1.0


def first_merit(row: Row, objective: Objective) -> float:
    """Return the value of a config's first training, more being better."""
    return sign_of(objective) * objective.value(row.trial.reports[-1])


def _merit(row: Row, objective: Objective) -> float:
    """Return a row's value, more being better; nothing is worse than one that is not known."""
    return -inf if isnan(row.value) else sign_of(objective) * row.value


def _bar(rows: Sequence[Row], objective: Objective) -> float:
    """Return the merit from which several seeds go before a single one; infinite where none does.

    It is that of the worst trial that was chosen for its value and deserved it: whose first
    training was as good as all that got no further seeds. The best of all that were chosen always
    goes before these.
    """
    single = [
        _merit(row, objective)
        for row in rows
        if row.trial.state is State.COMPLETED and row.seeds == 1 and can_win(row)
    ]
    chosen = [row for row in rows if row.chosen and not row.note]
    best = max(single, default=-inf)
    deserved = [_merit(row, objective) for row in chosen if first_merit(row, objective) >= best]
    highest = max((_merit(row, objective) for row in chosen), default=inf)
    return min(deserved, default=highest)


def _place(
    row: Row, objective: Objective, bar: float
) -> tuple[int, bool, float, bool, Standing, str]:
    """Return the sort key: smaller is better, ties in the order of proposal.

    Args:
        row: Of any trial.
        objective: What it is ranked by.
        bar: See `_bar`.
    """
    trial = row.trial
    if not trial.reports:
        return (3, False, 0.0, False, (0.0, 0.0, 0.0), trial.id)
    if trial.state is State.COMPLETED:
        violation = _violation(row) if row.note else 0.0
        merit = _merit(row, objective)
        is_sure = row.seeds > 1 and merit >= bar
        return (0, bool(row.note), violation, not is_sure, (-merit,), trial.id)
    violation, value = (-part for part in objective.standing(trial.reports[-1])[:2])
    lower = (-trial.rung, violation, value)
    return (3 if trial.state is State.FAILED else 2, False, 0.0, False, lower, trial.id)


def _violation(row: Row) -> float:
    """Return by how much a config violates constraints, the mean over its trainings."""
    violation = fmean(violated(training.reports[-1]) for training in row.trainings)
    return inf if isnan(violation) else violation


def is_lost(trial: Trial) -> bool:
    """Tell whether a trial is a further training that failed."""
    return bool(trial.repeats) and trial.state is State.FAILED


def _row(
    trial: Trial, trainings: Sequence[Trial], objective: Objective, spread: Spread, lost: int
) -> Row:
    """Make the row of a trial.

    Args:
        trial: The first training of its config.
        trainings: Those that completed.
        objective: What it is ranked by.
        spread: Of values over seeds.
        lost: How many further trainings failed. What is left of half of them or fewer was lucky.
    """
    if not trial.reports:
        return Row(trial, float("nan"), None, trial.reason or trial.state)
    if trial.state is not State.COMPLETED:
        last = trial.reports[-1]
        bounds = last.intervals.get(objective.metric_of(last))
        return Row(trial, objective.value(last), bounds, trial.reason or trial.state)
    names = barred_by(trainings)
    note = f"{', '.join(names)} missed" if names else ""
    if lost >= len(trainings):
        note = f"{lost} of {len(trainings) + lost} trainings failed"
    chosen = any(training.by_value for training in trainings)
    counted = trainings[1:] if chosen else trainings
    value = fmean(objective.value(training.reports[-1]) for training in counted)
    bounds = _interval(value, counted, objective, spread)
    return Row(trial, value, bounds, note, tuple(trainings), chosen)


def _interval(
    value: float, trainings: Sequence[Trial], objective: Objective, spread: Spread
) -> tuple[float, float] | None:
    """Join the intervals over images, which each training reported, with that over seeds."""
    reports = [training.reports[-1] for training in trainings]
    intervals = [report.intervals.get(objective.metric_of(report)) for report in reports]
    margins = [
        (objective.value(report) - bounds[0], bounds[1] - objective.value(report))
        for report, bounds in zip(reports, intervals, strict=True)
        if bounds is not None
    ]
    config = trainings[0].repeats or trainings[0].id
    seeds = spread.half_width(config, len(trainings)) if spread.is_known else 0.0
    if len(margins) < len(reports):
        return cut((value - seeds, value + seeds), objective) if spread.is_known else None
    below, above = (fmean(sides) for sides in zip(*margins, strict=True))
    return cut((value - hypot(below, seeds), value + hypot(above, seeds)), objective)


def cut(
    bounds: tuple[float, float], objective: Objective, least: float = 0.0
) -> tuple[float, float]:
    """Cut an interval of a skill at the least and the greatest possible value, as `confirm` does.

    Args:
        bounds: Of the interval.
        objective: What ranks; only skills are cut.
        least: -1 for a difference of two skills.
    """
    if not objective.metric.endswith(f"_{SKILL}"):
        return bounds
    low, high = (min(max(bound, least), 1.0) for bound in bounds)
    return low, high


def barred_by(trainings: Sequence[Trial]) -> tuple[str, ...]:
    """Name the constraints that at least half of a config's trainings miss."""
    names = [name for training in trainings for name in missed(training)]
    return tuple(name for name in dict.fromkeys(names) if 2 * names.count(name) >= len(trainings))


def missed(trial: Trial) -> list[str]:
    """Name the constraints that a trial does not meet."""
    constraints: Mapping[str, float] = trial.reports[-1].constraints if trial.reports else {}
    return unmet(constraints)


def unmet(constraints: Mapping[str, float | None]) -> list[str]:
    """Name the constraints that are not met; None, as NaN is written down, meets none."""
    return [name for name, value in constraints.items() if value is None or not value <= 0]
