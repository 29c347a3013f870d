"""What a confirmation found, as numbers: who won, by how much, and how far the search misled."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from search.confirmation.finalists import Finalist
from search.confirmation.near import without_near
from search.confirmation.record import Role
from search.confirmation.statistics import (
    Examinations,
    Resamples,
    answers_of,
    difference,
    direction_of,
    is_comparable,
    mean_of,
    optimism,
    recipe_of,
    summary_for,
)
from search.engine.agreement import kendall
from search.engine.objective import Objective
from search.engine.trial import Trial
from search.results.ranking import barred_by, missed
from searchspace.domains import Value
from trainables.metrics.alarms import exact_interval
from trainables.metrics.skill import Skill
from trainables.metrics.welch import Estimate, at_look
from trainables.study.examination import Direction, Examination


@dataclass(frozen=True)
class Standing:
    """A finalist under the ensemble.

    Attributes:
        finalist: Who.
        value: Mean over trainings, with an interval over images and seeds.
        seeds: Value of each training.
        barred: Constraints that at least half of its trainings miss: it cannot win.
    """

    finalist: Finalist
    value: Estimate
    seeds: tuple[float, ...]
    barred: tuple[str, ...]

    @property
    def able(self) -> bool:
        """Whether it can win."""
        return self.finalist.candidate and not self.barred and not self.finalist.control


@dataclass(frozen=True)
class Selection:
    """How far the search's ranking could be trusted.

    Attributes:
        winner: Id of the finalist that the search had first.
        promised: Its value in the search; NaN where that is of another metric.
        left: Its value under the ensemble, on other seeds; NaN where no training of it completed.
        barred: Constraints that at least half of its trainings miss: then it cannot win.
        best_place: Place in the search's ranking of the best.
        tau: Kendall's, between the search's values and the ensemble's, of sampled finalists alone:
            references differ so much that any search orders them well. NaN where there are too few
            for an interval, see `search.engine.agreement.kendall`.
        tau_low: Lower end of its 95 % interval; NaN where there is none.
        tau_high: Upper end.
        sampled: How many finalists it is of.
        optimism: By how much the best looks better than it is for having been chosen here.
        ranked_by: The metric that ranked the run, where the ensemble measures something else;
            empty where it measures the same.
    """

    winner: str
    promised: float
    left: float
    best_place: int
    tau: float
    tau_low: float
    tau_high: float
    sampled: int
    optimism: float
    barred: tuple[str, ...] = ()
    ranked_by: str = ""


def standings(
    finalists: Sequence[Finalist],
    examined: Examinations,
    trained: Mapping[str, Sequence[Trial]],
    metric: str,
    ranked: Objective,
) -> list[Standing]:
    """Rank finalists by the ensemble, best first; those that cannot win keep their rank.

    What the search promised is left out where the ensemble measures something else.

    Args:
        finalists: Of equal values the first comes first.
        examined: On the ranking split; a finalist without a training is left out.
        trained: Completed trainings of each finalist, by its id: their constraints count.
        metric: What finalists are compared by.
        ranked: What ranked the run.
    """
    first, rows = next(iter(examined.values()))[0], []
    if not is_comparable(ranked, metric, first):
        finalists = [replace(finalist, promised=math.nan) for finalist in finalists]
    for finalist in finalists:
        if finalist.id in examined:
            recipe = recipe_of(examined[finalist.id], metric)
            rows.append(
                Standing(
                    finalist,
                    recipe.estimate(),
                    tuple(recipe.values.tolist()),
                    barred_by(trained[finalist.id]),
                )
            )
    sign = _sign(direction_of(first, metric))
    return sorted(rows, key=lambda row: -sign * row.value.value)


def winner_of(rows: Sequence[Standing]) -> Standing | None:
    """Return the best that can win."""
    return next((row for row in rows if row.able), None)


def choose_for_test(rows: Sequence[Standing], first: Standing, searched: str) -> list[Finalist]:
    """List who meets the test images beside the controls that are matched to the winner.

    The winner, the search's winner, the references, and the best of each other arm.

    Args:
        rows: Finalists on ranking, best first.
        first: The winner.
        searched: Id of the finalist that the search had first.
    """
    arm_bests: dict[Value | None, Standing] = {}
    for row in rows:
        if row.able:
            arm_bests.setdefault(row.finalist.arm, row)
    rivals = [row for arm, row in arm_bests.items() if arm is not None]
    return [
        row.finalist
        for row in rows
        if row is first
        or row.finalist.reference
        or row.finalist.id == searched
        or (row in rivals and row.finalist.arm != first.finalist.arm)
    ]


def role_of(rival: Finalist, winner: Finalist) -> Role | None:
    """Say as what the winner is compared with a finalist on test; None of itself.

    Args:
        rival: Any that met the test split.
        winner: The finalist that won.
    """
    if rival.id == winner.id:
        return None
    if rival.matched:
        return "control"
    if rival.candidate and rival.arm != winner.arm:
        return "arm"
    return "reference" if rival.reference else "searched"


def exported_of(examined: Sequence[Examination], metric: str) -> int:
    """Return which training has the median value by a metric, of an even number the lower."""
    order = np.argsort(recipe_of(examined, metric).values, kind="stable")
    return int(order[(len(order) - 1) // 2])


def missed_counts(trainings: Sequence[Trial]) -> dict[str, int]:
    """Count for each constraint how many trainings miss it, of those that any misses."""
    return dict(Counter(name for trial in trainings for name in missed(trial)))


def searched_of(finalists: Sequence[Finalist]) -> Finalist:
    """Return the finalist that the search had first."""
    candidates = [each for each in finalists if each.candidate and not each.control]
    return min(candidates, key=lambda finalist: finalist.place)


def selection(
    rows: Sequence[Standing],
    searched: Finalist,
    examined: Examinations,
    metric: str,
    seed: int,
    ranked: Objective,
) -> Selection:
    """Compare the search's ranking with the ensemble's.

    Args:
        rows: At least one of which can win.
        searched: Whom the search had first; without a row where none of its trainings completed.
        examined: On the ranking split.
        metric: What finalists are compared by.
        seed: Of the resamples.
        ranked: What ranked the run.
    """
    first = next(iter(examined.values()))[0]
    able = [row for row in rows if row.able]
    row_of = {row.finalist.id: row for row in rows}
    row, comparable = row_of.get(searched.id), is_comparable(ranked, metric, first)
    resamples = Resamples(first.labels, seed)
    values = [
        resamples.values(answers_of(trainings), summary_for(metric, first), number)
        for number, trainings in enumerate(examined[row.finalist.id] for row in able)
    ]
    sampled = [row for row in rows if not (row.finalist.reference or row.finalist.control)]
    tau, low, high = _agreement(sampled)
    return Selection(
        winner=searched.id,
        promised=searched.promised if comparable else math.nan,
        left=math.nan if row is None else row.value.value,
        best_place=able[0].finalist.place,
        tau=tau,
        tau_low=low,
        tau_high=high,
        sampled=len(sampled),
        optimism=optimism(np.stack(values), direction_of(first, metric)),
        barred=() if row is None else row.barred,
        ranked_by="" if comparable else ranked.metric,
    )


def _agreement(rows: Sequence[Standing]) -> tuple[float, float, float]:
    """Return tau of search and ensemble with its interval; NaN where they say nothing."""
    pairs = [(row.finalist.promised, row.value.value) for row in rows]
    if any(math.isnan(promised) for promised, _ in pairs):
        return math.nan, math.nan, math.nan
    tau, low, high = kendall(*([pair[n] for pair in pairs] for n in range(2)))
    return (math.nan if math.isnan(low) else tau), low, high


def comparisons(
    winner: Finalist,
    tested: Sequence[Finalist],
    examined: Examinations,
    metric: str,
    openings: int = 1,
) -> list[dict[str, Any]]:
    """Compare the winner with all others that met the test split, see `role_of`.

    Welch's test over trainings, with the variance of the difference over images
    (`search.confirmation.statistics`); Bonferroni's correction counts the others, at half the level
    of the opening before. The verdict says better or worse exactly where the interval excludes 0.

    Args:
        winner: Compared.
        tested: Who met the test split.
        examined: Examinations on the test split.
        metric: What finalists are compared by.
        openings: How often test has been opened.

    Returns:
        A row for each rival, as JSON values: see `search.confirmation.record.Comparison`.
    """
    first = recipe_of(examined[winner.id], metric)
    direction = direction_of(examined[winner.id][0], metric)
    roles = {rival.id: role_of(rival, winner) for rival in tested}
    rivals = [rival for rival in tested if roles[rival.id] is not None]
    rows, count = [], at_look(len(rivals), openings)
    for rival in rivals:
        second = recipe_of(examined[rival.id], metric)
        gap = difference(first, second, count)
        adjusted = float(np.minimum(1.0, gap.p * count))
        role = roles[rival.id]
        notes = {"arm": f" ({rival.arm})", "searched": " (first in the search)"}
        name = rival.name + notes.get(role or "", "")
        rows.append(
            {"over": name, "id": rival.id, "role": role, "difference": bounds_of(gap)}
            | {"verdict": gap.verdict(direction)}
            | {"p": gap.p, "p_adjusted": adjusted, "level": gap.level}
            | {"df": gap.df, "seeds": [len(first.values), len(second.values)]}
            | {"n": len(first.images.labels)}
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


def scores_on(test: Examinations, metric: str) -> dict[str, Any]:
    """Return values and conditions on test, as fields of the record.

    Args:
        test: Examinations on the test split.
        metric: What finalists are compared by.
    """
    return {
        "test": {name: bounds_of(value) for name, value in values_on(test, metric).items()},
        "conditions": conditions_table(test),
    }


def scores_without_near(test: Examinations, metric: str) -> dict[str, Any] | None:
    """Return the same of the test images without near copies; None where none has any.

    Args:
        test: Examinations on the test split.
        metric: What finalists are compared by.
    """
    apart = without_near(test)
    if apart is None:
        return None
    count = len(next(iter(apart.values()))[0].labels)
    return {"images": count, **scores_on(apart, metric)}


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


def guessed_share(seeds: Sequence[Examination]) -> dict[str, float] | None:
    """Compute on what share of images only attacks without a model's gradient succeed.

    It is a mean over seeds, at the radius where it is greatest. Its interval is exact, and counts
    an image once, however many seeds there are.

    Args:
        seeds: Examinations of the trainings of one finalist.

    Returns:
        The share and the bounds of its interval; None where it is not known.
    """
    counts = [seed.guessed for seed in seeds if seed.guessed is not None and len(seed.guessed)]
    if len(counts) < len(seeds):
        return None
    count, total = float(np.mean(counts, axis=0).max()), len(seeds[0].labels)
    low, high = exact_interval(count, total)
    return {"value": count / total, "low": low, "high": high}


def values_on(examined: Examinations, metric: str) -> dict[str, Estimate]:
    """Estimate each finalist's value on a split by a metric, over images and seeds."""
    return {name: recipe_of(trainings, metric).estimate() for name, trainings in examined.items()}


def constant_on(examined: Examinations, metric: str) -> dict[str, Any]:
    """Say what a value is on a split, and what an answer that never looks at the input gets there.

    Args:
        examined: On the split.
        metric: What finalists are compared by.

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


def bounds_of(estimate: Estimate) -> dict[str, float]:
    """Return a value and its interval as JSON values."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def standing_fields(row: Standing) -> dict[str, Any]:
    """Return a standing as JSON values."""
    return asdict(row.finalist) | {
        "value": bounds_of(row.value),
        "seeds": list(row.seeds),
        "barred": list(row.barred),
    }


def _sign(direction: Direction) -> float:
    return 1.0 if direction == "max" else -1.0
