"""What a confirmation found, as numbers: who won, by how much, and how far the search misled."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from search.confirmation.finalists import Finalist
from search.confirmation.statistics import (
    Resamples,
    areas,
    interval,
    mean_of,
    optimism,
    value,
)
from search.engine.trial import Trial
from trainables.metrics.intervals import Interval
from trainables.metrics.paired import compare
from trainables.study.examination import Direction, Examination

Examined = Mapping[str, Sequence[Examination]]
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
    examined: Examined,
    trained: Mapping[str, Sequence[Trial]],
    seed: int,
) -> list[Standing]:
    """Rank finalists by the ensemble, best first; those that cannot win keep their rank."""
    first = next(iter(examined.values()))[0]
    draws = Resamples(first.labels, seed)
    rows = []
    for place, one in enumerate(finalists):
        if one.id in examined:
            found = areas(examined[one.id])
            exact = value(found, first.labels)
            rows.append(
                Standing(
                    one,
                    interval(exact, draws.values(found, place)),
                    tuple(value(own[None], first.labels) for own in found),
                    barred_by(trained[one.id]),
                )
            )
    sign = _sign(first.direction)
    return sorted(rows, key=lambda row: -sign * row.value.value)


def barred_by(trainings: Sequence[Trial]) -> tuple[str, ...]:
    """Name the constraints that more than half of the trainings miss."""
    missed = [
        {name for name, found in trial.reports[-1].constraints.items() if not found <= 0}
        for trial in trainings
    ]
    names = sorted(set().union(*missed))
    return tuple(name for name in names if 2 * sum(name in one for one in missed) > len(missed))


def winner_of(rows: Sequence[Standing]) -> Standing | None:
    """Return the best that can win."""
    return next((row for row in rows if row.able), None)


def exported_of(row: Standing) -> int:
    """Return the place of the seed whose value is the median, of an even number the lower."""
    order = np.argsort(row.seeds, kind="stable")
    return int(order[(len(order) - 1) // 2])


def selection(rows: Sequence[Standing], examined: Examined, seed: int) -> Selection:
    """Compare the search's ranking with the ensemble's.

    Args:
        rows: At least one of which can win.
        examined: On the ranking split.
        seed: Of the resamples.
    """
    first = next(iter(examined.values()))[0]
    sign = _sign(first.direction)
    able = [row for row in rows if row.able]
    searched = min(able, key=lambda row: row.finalist.place)
    draws = Resamples(first.labels, seed)
    found = [areas(examined[row.finalist.id]) for row in able]
    drawn = [draws.values(own, place) for place, own in enumerate(found)]
    exact = np.array([row.value.value for row in able])
    promised = [row.finalist.promised for row in rows]
    left = [row.value.value for row in rows]
    tau = kendalltau(promised, left).statistic if len(rows) > 2 else np.nan
    return Selection(
        winner=searched.finalist.id,
        promised=searched.finalist.promised,
        left=searched.value.value,
        regret=sign * (able[0].value.value - searched.value.value),
        best_place=able[0].finalist.place,
        tau=float(tau),
        optimism=optimism(exact, np.stack(drawn), first.direction),
    )


def comparisons(
    winner: Finalist, others: Sequence[Finalist], tested: Examined, seed: int
) -> list[dict[str, Any]]:
    """Compare the winner with each of the others on test, paired by image.

    Wilcoxon's signed-rank test is of each image's area, averaged over seeds; Bonferroni's
    correction counts the others. It takes these trainings as given. The interval of the difference
    is over images and seeds: it has to exclude 0 as well, or they cannot be told apart.
    """
    first = tested[winner.id][0]
    draws = Resamples(first.labels, seed)
    own = areas(tested[winner.id])
    found = []
    for place, other in enumerate(others, start=1):
        theirs = areas(tested[other.id])
        test = compare(own.mean(axis=0), theirs.mean(axis=0), len(others), first.direction)
        exact = value(own, first.labels) - value(theirs, first.labels)
        bounds = interval(exact, draws.values(own, 0) - draws.values(theirs, place))
        told_apart = not bounds.low <= 0 <= bounds.high
        verdict = test.verdict if told_apart else "not distinguishable"
        found.append(
            {"over": other.name, "difference": bounds._asdict(), "verdict": verdict}
            | {"p": test.p, "p_adjusted": test.p_adjusted, "effect": test.effect, "n": test.n}
        )
    return found


def conditions_table(examined: Examined) -> dict[str, list[dict[str, Any]]]:
    """List the mean score of each finalist under each condition."""
    return {
        name: [
            {"kind": kind, "strength": strength, "score": mean_of(seeds, (kind, strength))}
            for kind, strength in seeds[0].conditions
        ]
        for name, seeds in examined.items()
    }


def wins(examined: Examined) -> dict[str, int]:
    """Count over all finalists, seeds and radii which attack found the worst images."""
    total: dict[str, int] = {}
    for seeds in examined.values():
        for one in seeds:
            for name, count in zip(one.attacks, one.wins.sum(axis=0).tolist(), strict=True):
                total[name] = total.get(name, 0) + count
    return total


def values_on(examined: Examined, seed: int) -> dict[str, Interval]:
    """Compute each finalist's value on a split, with an interval over images and seeds."""
    first = next(iter(examined.values()))[0]
    draws = Resamples(first.labels, seed)
    return {
        name: interval(value(found, first.labels), draws.values(found, place))
        for place, (name, found) in enumerate((name, areas(s)) for name, s in examined.items())
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
