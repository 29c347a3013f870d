"""Compare two models, or two recipes, on the same subjects, by the mean of their differences.

Student's t of the differences gives the interval, p and the verdict: one statistic, that of the
number that is shown beside them. `compare` speaks of the subjects, and takes two models as they
are. `compare_recipes` takes several trainings of each, and speaks of what is trained again as well.
"""

from dataclasses import dataclass

import numpy as np

from trainables.metrics.welch import (
    Direction,
    Estimate,
    Verdict,
    estimate,
    estimate_difference,
    image_component,
)
from trainables.runtime.arrays import Floats, Floats64


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The difference of A and B over the same subjects, and whether chance explains it.

    Attributes:
        difference: Mean of A - B over the subjects, with its interval, corrected for the number of
            comparisons; NaN without subjects.
        comparisons: How many there are in all.
        n: Subjects compared.
        dropped: Subjects left out because a score is NaN.
        direction: Whether a higher ("max") or a lower ("min") score is better.
    """

    difference: Estimate
    comparisons: int
    n: int
    dropped: int
    direction: Direction

    @property
    def p_adjusted(self) -> float:
        """The two-sided p after Bonferroni's correction; NaN for fewer than two subjects."""
        return float(np.minimum(1.0, self.difference.p * self.comparisons))

    @property
    def verdict(self) -> Verdict:
        """Whether A is better or worse than B: where the interval excludes 0."""
        return self.difference.verdict(self.direction)


def compare(a: Floats, b: Floats, comparisons: int, direction: Direction) -> Comparison:
    """Compare scores of A and B, paired by subject.

    Args:
        a: Scores, (N,); NaN where the subject has none.
        b: Scores of the same subjects in the same order, (N,).
        comparisons: Total number of comparisons, at least 1.
        direction: Whether a higher ("max") or a lower ("min") score is better.

    Raises:
        ValueError: If the scores do not pair, or ``comparisons`` is below 1.
    """
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"scores of {a.shape} and {b.shape} are not pairs")
    return _compare(a, b, None, comparisons, direction)


def compare_recipes(a: Floats, b: Floats, comparisons: int, direction: Direction) -> Comparison:
    """Compare recipes A and B by several trainings of each, paired by subject.

    The variance is that over subjects and, for each recipe, that over its trainings, see
    `trainables.metrics.welch.estimate_difference`.

    Args:
        a: Scores of each training and subject, (S, N), S at least 2; NaN where one is missing.
        b: Scores of the other recipe's trainings and the same subjects, (T, N), T at least 2.
        comparisons: Total number of comparisons, at least 1.
        direction: Whether a higher ("max") or a lower ("min") score is better.

    Raises:
        ValueError: If the subjects do not pair, a recipe has a single training, or ``comparisons``
            is below 1.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"scores of {a.shape} and {b.shape} are not trainings of two recipes")
    complete = ~np.isnan(np.vstack([a, b])).any(axis=0)
    first, second = (np.float64(scores[:, complete]).mean(axis=1) for scores in (a, b))
    means = [np.where(complete, np.float64(scores).mean(axis=0), np.nan) for scores in (a, b)]
    return _compare(means[0], means[1], (first, second), comparisons, direction)


def _compare(
    a: Floats,
    b: Floats,
    trainings: tuple[Floats64, Floats64] | None,
    comparisons: int,
    direction: Direction,
) -> Comparison:
    """Compare scores, (N,), whose variance is that over subjects, and that over trainings if any.

    Args:
        a: Scores.
        b: Of the same subjects.
        trainings: The mean over subjects of each training of A, and of each of B.
        comparisons: Total number of comparisons.
        direction: Whether a higher or a lower score is better.
    """
    if comparisons < 1:
        raise ValueError(f"{comparisons} comparisons, expected at least 1")
    pairs = np.subtract(a, b, dtype=np.float64)
    differences = pairs[~np.isnan(pairs)]
    count = len(differences)
    mean = float(differences.mean()) if count else np.nan
    part = image_component(differences, np.zeros(count, dtype=np.int64))
    difference = (
        estimate(mean, [part], comparisons)
        if trainings is None
        else estimate_difference(trainings, part, comparisons)
    )
    return Comparison(
        difference=difference,
        comparisons=comparisons,
        n=count,
        dropped=len(a) - count,
        direction=direction,
    )
