"""Skill: how much of a score lies above that of an answer that never looks at the image.

A constant answer scores 1 / K of balanced accuracy and 0.5 of AUC at every radius, and no attack
can change it. An area under such scores rewards it: at radii where all trained models fail, the
constant answer is the best. So what lies at or below it counts as 0 here, and a perfect answer
counts as 1::

    skill = max(0, (score - zero) / (best - zero))

with ``zero`` the score of a constant answer and ``best`` that of a perfect one. The skill of a
curve is the plain mean over the radii above 0, which weighs them alike: on a grid with equal steps
of the logarithm no octave counts more than another.

The formula holds for errors, too: ``best`` is then 0 and ``zero`` the error of a predictor that
never looks at the image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
import numpy.typing as npt

from trainables.metrics.curve import trapezoid_weights
from trainables.runtime.arrays import Floats64, Mask

CURVE, SKILL = "curve", "skill"  # how the name of a metric over all radii ends
PERFECT = 1.0


class Summary(Protocol):
    """Makes one number of a score at E radii."""

    def __call__(self, curves: Floats64) -> Floats64:
        """Summarise curves (..., E); the result is (...)."""


@final
@dataclass(frozen=True)
class Area:
    """The area under a curve by trapezoids, divided by the range of radii.

    Attributes:
        eps: E radii, increasing.
    """

    eps: tuple[float, ...]

    def __call__(self, curves: Floats64) -> Floats64:
        """Summarise curves (..., E)."""
        areas: Floats64 = curves @ trapezoid_weights(self.eps)
        return areas


@final
@dataclass(frozen=True)
class Skill:
    """The mean skill over the radii above 0; without such a radius, that at 0.

    Attributes:
        eps: E radii, increasing.
        zero: Score of a constant answer.
        best: Score of a perfect answer.
    """

    eps: tuple[float, ...]
    zero: float
    best: float = PERFECT

    def __call__(self, curves: Floats64) -> Floats64:
        """Summarise curves (..., E)."""
        means: Floats64 = skill(curves[..., self._counted], self.zero, self.best).mean(axis=-1)
        return means

    def shares(self, scores: npt.ArrayLike) -> Floats64:
        """Return the share at each radius that counts, (..., R); below 0 where chance is better.

        Args:
            scores: At all radii, (..., E).
        """
        values = np.asarray(scores, dtype=np.float64)[..., self._counted]
        shares: Floats64 = (values - self.zero) / (self.best - self.zero)
        return shares

    @property
    def _counted(self) -> Mask:
        """Which radii count, (E,)."""
        attacked: Mask = np.array(self.eps) > 0
        return attacked if attacked.any() else ~attacked


def skill(scores: npt.ArrayLike, zero: float, best: float = PERFECT) -> Floats64:
    """Compute the share of what lies between a constant answer and a perfect one, at least 0.

    Args:
        scores: Of any shape.
        zero: Score of a constant answer.
        best: Score of a perfect answer; where it is the same, as for data of a single class, there
            is no skill to measure: the result is NaN.

    Example:
        >>> skill([0.25, 0.5, 0.75], zero=0.5).tolist()
        [0.0, 0.0, 0.5]
    """
    values = np.asarray(scores, dtype=np.float64)
    if math.isclose(zero, best):
        return np.full(values.shape, math.nan)
    shares: Floats64 = np.maximum((values - zero) / (best - zero), 0.0)
    return shares


def mean_skill(
    eps: Sequence[float], scores: npt.ArrayLike, zero: float, best: float = PERFECT
) -> float:
    """Compute the mean skill of one curve over its radii above 0, see `Skill`.

    Args:
        eps: E radii, increasing.
        scores: At each radius, (E,).
        zero: Score of a constant answer.
        best: Score of a perfect answer.

    Raises:
        ValueError: If the numbers of radii and scores differ.
    """
    curve = np.asarray(scores, dtype=np.float64)
    if curve.shape != (len(eps),):
        raise ValueError(f"{len(eps)} radii, but scores of shape {curve.shape}")
    return float(Skill(tuple(eps), zero, best)(curve))


def summary_of(
    metric: str, eps: Sequence[float], scale: tuple[float, float] | None
) -> Summary | None:
    """Return what makes a metric of a score at each radius, by the end of its name.

    Args:
        metric: Such as ``ranking_pgd_bacc_skill`` or ``ranking_pgd_bacc_curve``.
        eps: Radii of the scores, increasing.
        scale: Score of a constant and of a perfect answer; None where that is not known.

    Returns:
        None where the metric is neither, or the scale of a skill is not known.
    """
    point = metric.rpartition("_")[2]
    if point == CURVE:
        return Area(tuple(eps))
    return Skill(tuple(eps), *scale) if point == SKILL and scale else None
