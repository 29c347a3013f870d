"""Confidence intervals of scores: how much they vary with the sample of images.

A value over radii is made of the mean over classes of the answers at each radius: an area, a mean
skill. The bootstrap draws images within classes, averages them at each radius, and makes the value
of these averages. The answers of an image show few patterns over the radii, so a resample is one
multinomial draw over the patterns of each class.

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
from trainables.metrics.skill import Area, Summary
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
    area = Area(tuple(eps))
    return summary_interval(scores, labels, area, seed=seed, resamples=resamples, level=level)


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
    return summary_difference(
        scores_a, scores_b, labels, Area(tuple(eps)), seed=seed, resamples=resamples, level=level
    )


def summary_interval(
    scores: Scores,
    labels: Labels,
    summary: Summary,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Bootstrap within classes any summary of the curve of a score's mean over classes.

    Args:
        scores: Of each image, or subject, at each radius, (E, N).
        labels: Classes, (N,); all equal for data without classes.
        summary: Makes one number of a curve, such as `trainables.metrics.skill.Skill`.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    value = float(summary(mean_recall(scores, labels)))
    return _percentiles(value, summary(_resampled(scores, labels, seed, resamples)), level)


def summary_difference(
    scores_a: Scores,
    scores_b: Scores,
    labels: Labels,
    summary: Summary,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Bootstrap the difference of a summary of A and B on the same images, A - B.

    Args:
        scores_a: As for `summary_interval`, (E, N).
        scores_b: Of the same images, (E, N).
        labels: Classes, (N,); all equal for data without classes.
        summary: Makes one number of a curve.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    radii, pair = len(scores_a), np.concatenate([scores_a, scores_b])
    exact, draws = mean_recall(pair, labels), _resampled(pair, labels, seed, resamples)
    value = float(summary(exact[:radii]) - summary(exact[radii:]))
    return _percentiles(value, summary(draws[:, :radii]) - summary(draws[:, radii:]), level)


def share_interval(
    scores_a: Scores,
    scores_b: Scores,
    labels: Labels,
    zero: float,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Bootstrap what share A keeps of B beyond ``zero``: (A - zero) / (B - zero), of their means.

    Args:
        scores_a: Of each image, (N,).
        scores_b: Of the same images, (N,).
        labels: Classes, (N,).
        zero: The score of a constant answer; 0 for a share of B itself. Resamples in which B is
            not on the same side of it have no share.
        seed: The same seed gives the same interval.
        resamples: Bootstrap resamples.
        level: Coverage, in (0, 1).
    """
    pair = np.stack([scores_a, scores_b])
    exact = mean_recall(pair, labels) - zero
    draws = _resampled(pair, labels, seed, resamples) - zero
    base = np.where(np.sign(draws[:, 1]) == np.sign(exact[1]), draws[:, 1], np.nan)
    value = float(exact[0] / exact[1]) if exact[1] else math.nan
    return _percentiles(value, draws[:, 0] / base, level)


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
    return curve_interval(
        numbers[None], one_class, (0.0,), seed=seed, resamples=resamples, level=level
    )


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


def _resampled(scores: Scores, labels: Labels, seed: int, resamples: int) -> Floats64:
    """Draw images within classes, and average within and then over classes: (B, E).

    The images of a class show few patterns over the radii, as right answers mostly turn wrong once.
    So a resample is a multinomial draw over patterns, not over images.
    """
    rng, means = np.random.default_rng(seed), []
    for label in np.unique(labels):
        patterns, counts = np.unique(scores[:, labels == label], axis=1, return_counts=True)
        total = int(counts.sum())
        draws = rng.multinomial(total, counts / total, size=resamples) / total
        means.append(draws @ patterns.T.astype(np.float64))
    averages: Floats64 = np.mean(means, axis=0)
    return averages


def _percentiles(value: float, resamples: Floats64, level: float) -> Interval:
    numbers = resamples[~np.isnan(resamples)]
    if len(numbers) == 0:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(numbers, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
