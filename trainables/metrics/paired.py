"""Compare two models on the same subjects: Wilcoxon's signed-rank test, exact for any ties.

Differences of 0 have no direction and are left out of the test. For all others only the sign is
random under the null hypothesis, each with probability 1/2. So the distribution of the sum of
positive ranks follows by adding one subject after another, with or without ties. The usual normal
approximation is too optimistic for few subjects. For five subjects whose scores all change in the
same direction, two of them tied, it gives p = 0.04, while 2 of the 32 cases are as extreme,
p = 0.06.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from trainables.runtime.arrays import Floats, Floats64

Direction = Literal["max", "min"]

_SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The difference of A and B over the same subjects, and whether chance explains it.

    Attributes:
        median_difference: Of A - B over the subjects; NaN without subjects.
        mean_difference: Of A - B over the subjects; NaN without subjects.
        effect: Rank-biserial correlation, the sum of the positive ranks less that of the negative
            ones, as a share of all: from -1 (A is less for every subject) to 1; 0 without a
            difference.
        p: Two-sided, exact; 1 without a difference.
        p_adjusted: After Bonferroni's correction for the number of comparisons.
        n: Subjects compared.
        dropped: Subjects left out because a score is NaN.
        direction: Whether a higher ("max") or a lower ("min") score is better.
    """

    median_difference: float
    mean_difference: float
    effect: float
    p: float
    p_adjusted: float
    n: int
    dropped: int
    direction: Direction

    @property
    def verdict(self) -> Literal["better", "worse", "not distinguishable"]:
        """Whether A is better or worse than B, at an adjusted significance level of 0.05."""
        if self.p_adjusted >= _SIGNIFICANT:
            return "not distinguishable"
        # The test is about ranks; the median difference may be 0 although they differ.
        return "better" if (self.effect > 0) == (self.direction == "max") else "worse"


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
    all_pairs = np.subtract(a, b, dtype=np.float64)
    differences = all_pairs[~np.isnan(all_pairs)]
    n = len(differences)
    effect, p = _signed_rank(differences)
    return Comparison(
        median_difference=float(np.median(differences)) if n else np.nan,
        mean_difference=float(differences.mean()) if n else np.nan,
        effect=effect,
        p=p,
        p_adjusted=min(1.0, p * comparisons),
        n=n,
        dropped=len(a) - n,
        direction=direction,
    )


def least_p(n: int) -> float:
    """Return the least two-sided p of ``n`` subjects, that of changes in the same direction."""
    return min(1.0, 2.0 ** (1 - n))


def _signed_rank(differences: Floats64) -> tuple[float, float]:
    """Return the rank-biserial correlation and the two-sided p."""
    changes = differences[differences != 0]
    # Twice the ranks, which makes tied ranks whole numbers.
    ranks = np.rint(2 * rankdata(np.abs(changes))).astype(np.int64)
    positive, total = int(ranks[changes > 0].sum()), int(ranks.sum())
    chances = np.zeros(total + 1)  # the probability of each sum of positive ranks
    chances[0] = 1.0
    for rank in ranks:
        chances[rank:] += chances[:-rank].copy()
        chances /= 2
    p = 2 * min(chances[: positive + 1].sum(), chances[positive:].sum())
    effect = (2 * positive - total) / total if total else 0.0
    return effect, min(1.0, float(p))
