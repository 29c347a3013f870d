"""Compare two models on the same subjects: Wilcoxon's signed-rank test, exact for any ties.

Differences of 0 say nothing of a direction and are left out of the test. Of the others only the
signs are random under the null hypothesis, each way with probability 1/2: the distribution of the
sum of the positive ranks follows by adding one subject after the other, ties or not. The usual
normal approximation promises more than few subjects can give: of five subjects that all move the
same way, two of them tied, it says p = 0.04, where 2 of the 32 cases are as extreme, p = 0.06.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.floating]
Direction = Literal["max", "min"]

_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """How much A differs from B over the same subjects, and whether chance explains it.

    Attributes:
        median_difference: Of A - B over the subjects; NaN without subjects.
        mean_difference: Of A - B over the subjects; NaN without subjects.
        effect: Rank-biserial correlation, the positive less the negative ranks as a share of all,
            from -1 (A is less for every subject) to 1; 0 without a difference.
        p: Two-sided, exact; 1 without a difference.
        p_adjusted: After Bonferroni's correction for the number of comparisons.
        n: Subjects compared.
        dropped: Subjects left out as one of the two scores is NaN.
        direction: Whether more ("max") or less ("min") of the score is better.
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
        """Say how A does beside B, at an adjusted level of 0.05."""
        if self.p_adjusted >= _SIGNIFICANT:
            return "not distinguishable"
        # What was tested are the ranks: the median of the differences may be 0 all the same.
        return "better" if (self.effect > 0) == (self.direction == "max") else "worse"


def compare(a: Floats, b: Floats, comparisons: int, direction: Direction) -> Comparison:
    """Compare scores of A and B, paired by subject.

    Args:
        a: Scores, (N,); NaN where the subject has none.
        b: Scores of the same subjects in the same order, (N,).
        comparisons: How many are made in all, at least 1.
        direction: Whether more ("max") or less ("min") of the score is better.

    Raises:
        ValueError: If the scores do not pair, or there is no comparison.
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
    """Return the least two-sided p that ``n`` subjects can give, all moving the same way."""
    return min(1.0, 2.0 ** (1 - n))


def _signed_rank(differences: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the rank-biserial correlation and the two-sided p."""
    moved = differences[differences != 0]
    # Twice the ranks: tied ones are halves.
    ranks = np.rint(2 * rankdata(np.abs(moved))).astype(np.int64)
    positive, total = int(ranks[moved > 0].sum()), int(ranks.sum())
    chances = np.zeros(total + 1)  # of each sum of positive ranks
    chances[0] = 1.0
    for rank in ranks:
        chances[rank:] += chances[:-rank].copy()
        chances /= 2
    p = 2 * min(chances[: positive + 1].sum(), chances[positive:].sum())
    effect = (2 * positive - total) / total if total else 0.0
    return effect, min(1.0, float(p))
