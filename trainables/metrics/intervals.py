"""How far a score could be off, had other images of the same kind been drawn.

The area under a curve of balanced accuracy, or of any mean, is linear in the single answers: it is
the mean over classes of the mean over a class's images of each image's own area. Bootstrapping it
within classes therefore needs no curve, only one number an image, and of right and wrong answers
that takes few values: a resample is one multinomial draw over them.

A percentile bootstrap is a little too narrow for classes of few images, and of no width where all
images of each class fare alike.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.curve import trapezoid_weights

Scores = npt.NDArray[np.bool_ | np.floating]
Indices = npt.NDArray[np.int64]


class Interval(NamedTuple):
    """An estimate with its bounds."""

    value: float
    low: float
    high: float


def curve_interval(
    scores: Scores,
    labels: Labels,
    eps: Sequence[float],
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Bootstrap the area under the curve of a score's mean over classes, within classes.

    Args:
        scores: Of each image, or subject, at each radius, (E, N): right answers, whose curve is
            balanced accuracy, or numbers such as errors in HU.
        labels: Classes, (N,); all the same where there are none.
        eps: E increasing radii.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Share of truths to be covered.
    """
    own_areas = trapezoid_weights(eps) @ scores
    return _mean_recall_interval(own_areas, labels, seed, resamples, level)


def paired_difference(
    scores_a: Scores,
    scores_b: Scores,
    labels: Labels,
    eps: Sequence[float],
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Bootstrap by how much area A exceeds B on the same images; arguments as `curve_interval`."""
    own_areas = trapezoid_weights(eps) @ np.subtract(scores_a, scores_b, dtype=np.float64)
    return _mean_recall_interval(own_areas, labels, seed, resamples, level)


def mean_interval(
    values: npt.NDArray[np.floating], seed: int, *, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """Bootstrap the mean over subjects.

    Args:
        values: Of each subject, (N,); a NaN is left out.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Share of truths to be covered.

    Returns:
        Without bounds (NaN) for one subject, which says nothing of others; all NaN for none.
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if len(known) < 2:
        return Interval(float(known[0]) if len(known) else math.nan, math.nan, math.nan)
    one_class = np.zeros(len(known), dtype=np.int64)
    return _mean_recall_interval(known, one_class, seed, resamples, level)


def bootstrap(
    statistic: Callable[[Indices], float],
    labels: Labels,
    *,
    seed: int,
    resamples: int = 200,
    level: float = 0.95,
) -> Interval:
    """Bootstrap any statistic of images, such as an AUC: slow, one call a resample.

    Args:
        statistic: Computes the score of the images at these indices, (N,); a NaN is left out.
        labels: Classes (N,), resampled within; multi-label data (N, L) are resampled as a whole.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Share of truths to be covered.
    """
    dice = np.random.default_rng(seed)
    strata = [np.arange(len(labels))]
    if labels.ndim == 1:
        strata = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    drawn = [
        statistic(np.concatenate([dice.choice(stratum, len(stratum)) for stratum in strata]))
        for _ in range(resamples)
    ]
    return _percentiles(statistic(np.arange(len(labels))), np.array(drawn), level)


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Compute Wilson's interval of a share, such as plain accuracy; [0, 1] for no trials."""
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    half /= 1 + z**2 / trials
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def _mean_recall_interval(
    values: npt.NDArray[np.float64], labels: Labels, seed: int, resamples: int, level: float
) -> Interval:
    dice = np.random.default_rng(seed)
    # Equal areas may differ in the last digit by the order of summation: rounded, they are one.
    rounded = values.round(12)
    drawn = []
    for label in np.unique(labels):
        distinct, counts = np.unique(rounded[labels == label], return_counts=True)
        total = int(counts.sum())
        drawn.append(dice.multinomial(total, counts / total, size=resamples) @ distinct / total)
    return _percentiles(float(mean_recall(values, labels)), np.mean(drawn, axis=0), level)


def _percentiles(value: float, drawn: npt.NDArray[np.float64], level: float) -> Interval:
    known = drawn[~np.isnan(drawn)]
    if len(known) == 0:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
