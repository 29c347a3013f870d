"""What a confirmation found, as numbers: who won, by how much, and how far the search misled."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from search.confirmation.finalists import Finalist
from search.confirmation.statistics import (
    Resamples,
    direction_of,
    image_values,
    interval,
    mean_of,
    optimism,
    summary_for,
    value,
)
from search.engine.trial import Trial
from trainables.metrics.intervals import Interval
from trainables.metrics.paired import compare
from trainables.metrics.skill import Skill
from trainables.study.examination import Direction, Examination

Examinations = Mapping[str, Sequence[Examination]]
"""The examinations of each finalist's trainings, by its id, in the order of the seeds."""


@dataclass(frozen=True)
class Standing:
    """A finalist under the ensemble.

    Attributes:
        finalist: Who.
        value: Mean over seeds, with an interval over images and seeds.
        seeds: Value of each seed.
        barred: Constraints that most of its trainings miss: it cannot win.
    """

    finalist: Finalist
    value: Interval
    seeds: tuple[float, ...]
    barred: tuple[str, ...]

    @property
    def able(self) -> bool:
        """Whether it can win."""
        return not self.barred and not self.finalist.control


@dataclass(frozen=True)
class Selection:
    """How far the search's ranking could be trusted.

    Attributes:
        winner: Id of the finalist that the search had first.
        promised: Its value in the search.
        left: Its value under the ensemble, on other seeds.
        regret: By how much the best of those that can win is better than that.
        best_place: Place in the search's ranking of the best.
        tau: Kendall's, between the search's values and the ensemble's; NaN for fewer than 3.
        optimism: By how much the best looks better than it is for having been chosen here.
    """

    winner: str
    promised: float
    left: float
    regret: float
    best_place: int
    tau: float
    optimism: float


def standings(
    finalists: Sequence[Finalist],
    examined: Examinations,
    trained: Mapping[str, Sequence[Trial]],
    metric: str,
    seed: int,
) -> list[Standing]:
    """Rank finalists by the ensemble, best first; those that cannot win keep their rank.

    Args:
        finalists: In the order in which their seeds are resampled.
        examined: On the ranking split; a finalist without a training is left out.
        trained: Completed trainings of each finalist, by its id: their constraints count.
        metric: What ranked the run.
        seed: Of the resamples.
    """
    first = next(iter(examined.values()))[0]
    resamples = Resamples(first.labels, seed)
    rows = []
    for number, finalist in enumerate(finalists):
        if finalist.id in examined:
            numbers = image_values(examined[finalist.id], metric)
            exact = value(numbers, first.labels)
            rows.append(
                Standing(
                    finalist,
                    interval(exact, resamples.values(numbers, number)),
                    tuple(value(seed[None], first.labels) for seed in numbers),
                    barred_by(trained[finalist.id]),
                )
            )
    sign = _sign(direction_of(first, metric))
    return sorted(rows, key=lambda row: -sign * row.value.value)


def barred_by(trainings: Sequence[Trial]) -> tuple[str, ...]:
    """Name the constraints that more than half of the trainings miss."""
    violations = [
        {name for name, violation in trial.reports[-1].constraints.items() if not violation <= 0}
        for trial in trainings
    ]
    names = sorted(set().union(*violations))
    counts = {name: sum(name in missing for missing in violations) for name in names}
    return tuple(name for name, count in counts.items() if 2 * count > len(violations))


def winner_of(rows: Sequence[Standing]) -> Standing | None:
    """Return the best that can win."""
    return next((row for row in rows if row.able), None)


def exported_of(row: Standing) -> int:
    """Return the place of the seed whose value is the median, of an even number the lower."""
    order = np.argsort(row.seeds, kind="stable")
    return int(order[(len(order) - 1) // 2])


def selection(
    rows: Sequence[Standing], examined: Examinations, metric: str, seed: int
) -> Selection:
    """Compare the search's ranking with the ensemble's.

    Args:
        rows: At least one of which can win.
        examined: On the ranking split.
        metric: What ranked the run.
        seed: Of the resamples.
    """
    first = next(iter(examined.values()))[0]
    direction = direction_of(first, metric)
    sign = _sign(direction)
    able = [row for row in rows if row.able]
    searched = min(able, key=lambda row: row.finalist.place)
    resamples = Resamples(first.labels, seed)
    numbers = [image_values(examined[row.finalist.id], metric) for row in able]
    values = [resamples.values(row_numbers, place) for place, row_numbers in enumerate(numbers)]
    exact = np.array([row.value.value for row in able])
    promised = [row.finalist.promised for row in rows]
    measured = [row.value.value for row in rows]
    tau = kendalltau(promised, measured).statistic if len(rows) > 2 else np.nan
    return Selection(
        winner=searched.finalist.id,
        promised=searched.finalist.promised,
        left=searched.value.value,
        regret=sign * (able[0].value.value - searched.value.value),
        best_place=able[0].finalist.place,
        tau=float(tau),
        optimism=optimism(exact, np.stack(values), direction),
    )


def comparisons(
    winner: Finalist, rivals: Sequence[Finalist], tested: Examinations, metric: str, seed: int
) -> list[dict[str, Any]]:
    """Compare the winner with each of the others on test, paired by image.

    Wilcoxon's signed-rank test is of each image's number, averaged over seeds; Bonferroni's
    correction counts the others. It takes these trainings as given. The interval of the difference
    is over images and seeds: it has to exclude 0 as well, or they cannot be told apart.

    Args:
        winner: Compared.
        rivals: Compared with, each by itself.
        tested: Examinations on the test split.
        metric: What ranked the run.
        seed: Of the resamples.

    Returns:
        A row for each rival, as JSON values: see `search.confirmation.record.Comparison`.
    """
    first = tested[winner.id][0]
    resamples = Resamples(first.labels, seed)
    first_numbers = image_values(tested[winner.id], metric)
    rows = []
    for number, rival in enumerate(rivals, start=1):
        rival_numbers = image_values(tested[rival.id], metric)
        test = compare(
            first_numbers.mean(axis=0),
            rival_numbers.mean(axis=0),
            len(rivals),
            direction_of(first, metric),
        )
        exact = value(first_numbers, first.labels) - value(rival_numbers, first.labels)
        bounds = interval(
            exact, resamples.values(first_numbers, 0) - resamples.values(rival_numbers, number)
        )
        told_apart = not bounds.low <= 0 <= bounds.high
        verdict = test.verdict if told_apart else "not distinguishable"
        rows.append(
            {"over": rival.name, "difference": bounds._asdict(), "verdict": verdict}
            | {"p": test.p, "p_adjusted": test.p_adjusted, "effect": test.effect, "n": test.n}
        )
    return rows


def conditions_table(examined: Examinations) -> dict[str, list[dict[str, Any]]]:
    """List the mean score of each finalist under each condition."""
    return {
        name: [
            {"kind": kind, "strength": strength, "score": mean_of(seeds, (kind, strength))}
            for kind, strength in seeds[0].conditions
        ]
        for name, seeds in examined.items()
    }


def wins(examined: Examinations) -> dict[str, int]:
    """Count over all finalists, seeds and radii which attack found the worst images."""
    total: dict[str, int] = {}
    for seeds in examined.values():
        for examination in seeds:
            for name, count in zip(
                examination.attacks, examination.wins.sum(axis=0).tolist(), strict=True
            ):
                total[name] = total.get(name, 0) + count
    return total


def values_on(examined: Examinations, metric: str, seed: int) -> dict[str, Interval]:
    """Compute each finalist's value on a split, with an interval over images and seeds.

    Args:
        examined: On the split.
        metric: What ranked the run.
        seed: Of the resamples.
    """
    first = next(iter(examined.values()))[0]
    resamples = Resamples(first.labels, seed)
    return {
        name: interval(value(numbers, first.labels), resamples.values(numbers, place))
        for place, (name, numbers) in enumerate(
            (name, image_values(seeds, metric)) for name, seeds in examined.items()
        )
    }


def constant_on(examined: Examinations, metric: str) -> dict[str, Any]:
    """Say what a value is on a split, and what an answer that never looks at the input gets there.

    Args:
        examined: On the split.
        metric: What ranked the run.

    Returns:
        Fields of `search.confirmation.record.ConfirmationResult`.
    """
    first = next(iter(examined.values()))[0]
    summary = summary_for(metric, first)
    scores = np.full(len(first.eps), first.constant)
    return {
        "summary": "skill" if isinstance(summary, Skill) else "area",
        "constant": first.constant,
        "constant_value": float(summary(scores)),
    }


def standing_fields(row: Standing) -> dict[str, Any]:
    """Return a standing as JSON values."""
    return asdict(row.finalist) | {
        "value": row.value._asdict(),
        "seeds": list(row.seeds),
        "barred": list(row.barred),
    }


def _sign(direction: Direction) -> float:
    return 1.0 if direction == "max" else -1.0
