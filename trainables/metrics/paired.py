"""Compare two models on the same subjects, by the mean of their differences.

Student's t of the differences gives the interval, p and the verdict: one statistic, that of the
number that is shown beside them. It speaks of the subjects, and takes the two models as they are:
of a recipe that is trained again `search.confirmation.statistics` speaks.
"""

from dataclasses import dataclass

import numpy as np

from trainables.metrics.welch import Direction, Estimate, Verdict, estimate, image_component
from trainables.runtime.arrays import Floats


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
    if comparisons < 1:
        raise ValueError(f"{comparisons} comparisons, expected at least 1")
    pairs = np.subtract(a, b, dtype=np.float64)
    differences = pairs[~np.isnan(pairs)]
    count = len(differences)
    mean = float(differences.mean()) if count else np.nan
    part = image_component(differences, np.zeros(count, dtype=np.int64))
    return Comparison(
        difference=estimate(mean, [part], comparisons),
        comparisons=comparisons,
        n=count,
        dropped=len(a) - count,
        direction=direction,
    )
