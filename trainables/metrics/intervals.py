"""Confidence intervals of scores: how much they vary with the sample of images.

The area under a curve of balanced accuracy, or of any mean, is linear in the single answers: it is
the mean over classes of the mean over the images of a class of each image's area. So a bootstrap
within classes needs no curve, only one number for each image. For right and wrong answers this
number takes few values, and a resample is one multinomial draw over them.

A percentile bootstrap is a little too narrow for classes of few images. Its width is 0 if all
images of each class have the same value.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.curve import trapezoid_weights
from trainables.runtime.arrays import Floats, Floats64

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
    """Bootstrap within classes the area under the curve of a score's mean over classes.

    Args:
        scores: Of each image, or subject, at each radius, (E, N): right answers, whose curve is
            balanced accuracy, or numbers such as errors in HU.
        labels: Classes, (N,); all equal for data without classes.
        eps: E increasing radii.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    areas = trapezoid_weights(eps) @ scores
    return _mean_recall_interval(areas, labels, seed, resamples, level)


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
    """Bootstrap the difference of areas of A and B on the same images, A - B.

    Args:
        scores_a: As for `curve_interval`, (E, N).
        scores_b: Of the same images, (E, N).
        labels: Classes, (N,); all equal for data without classes.
        eps: E increasing radii.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    areas = trapezoid_weights(eps) @ np.subtract(scores_a, scores_b, dtype=np.float64)
    return _mean_recall_interval(areas, labels, seed, resamples, level)


def mean_interval(
    values: Floats, seed: int, *, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """Bootstrap the mean over subjects.

    Args:
        values: Of each subject, (N,); a NaN is left out.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).

    Returns:
        For a single subject the bounds are NaN; for none, the value too.
    """
    numbers = values[~np.isnan(values)].astype(np.float64)
    if len(numbers) < 2:
        return Interval(float(numbers[0]) if len(numbers) else math.nan, math.nan, math.nan)
    one_class = np.zeros(len(numbers), dtype=np.int64)
    return _mean_recall_interval(numbers, one_class, seed, resamples, level)


def bootstrap(
    statistic: Callable[[Indices], float],
    labels: Labels,
    *,
    seed: int,
    resamples: int = 200,
    level: float = 0.95,
) -> Interval:
    """Bootstrap any statistic of images, such as an AUC; slow, with one call for each resample.

    Args:
        statistic: Computes the score of the images at these indices, (N,); a NaN is left out.
        labels: Classes (N,), within which images are resampled; for multi-label data (N, L), all
            images are resampled together.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    rng = np.random.default_rng(seed)
    strata = [np.arange(len(labels))]
    if labels.ndim == 1:
        strata = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    values = [
        statistic(np.concatenate([rng.choice(stratum, len(stratum)) for stratum in strata]))
        for _ in range(resamples)
    ]
    return _percentiles(statistic(np.arange(len(labels))), np.array(values), level)


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Compute Wilson's interval of a share, such as plain accuracy.

    Args:
        successes: From 0 to ``trials``.
        trials: At least 0; for 0 the interval is [0, 1] and the value NaN.
        level: Coverage, in (0, 1).
    """
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    half /= 1 + z**2 / trials
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def _mean_recall_interval(
    values: Floats64, labels: Labels, seed: int, resamples: int, level: float
) -> Interval:
    rng = np.random.default_rng(seed)
    # Rounding makes areas equal that differ in the last digit only by the order of summation.
    rounded = values.round(12)
    means = []
    for label in np.unique(labels):
        distinct, counts = np.unique(rounded[labels == label], return_counts=True)
        total = int(counts.sum())
        means.append(rng.multinomial(total, counts / total, size=resamples) @ distinct / total)
    return _percentiles(float(mean_recall(values, labels)), np.mean(means, axis=0), level)


def _percentiles(value: float, resamples: Floats64, level: float) -> Interval:
    numbers = resamples[~np.isnan(resamples)]
    if len(numbers) == 0:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(numbers, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
