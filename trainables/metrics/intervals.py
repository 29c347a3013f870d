"""Confidence intervals of scores: how much they vary with the sample of images.

A value over radii is made of the mean over classes of the answers at each radius: an area, a mean
skill. How far it may lie from that of all images is known in two ways, whose coverage is measured
by ``benchmarks/coverage.py``:

Right and wrong answers: the images of a class show few patterns over the radii. The true shares of
the patterns are drawn from their distribution given the sample, a Dirichlet distribution, with one
image added to every class: half of it always right and half always wrong. For a single radius this
is Jeffreys's interval. Without that image a class of few that are all right is taken for certain,
as a bootstrap does, and intervals of rare classes cover too little.

Errors and other numbers: Student's t within classes. A bootstrap of five or six subjects is too
narrow, as it takes them for all there are.
"""

import math
from collections.abc import Callable, Sequence
from itertools import product
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.influence import Answers, Sample, Unclipped, is_right_or_wrong
from trainables.metrics.skill import Area, Skill, Summary
from trainables.metrics.welch import (
    FEW,
    Component,
    estimate,
    image_component,
    quantile,
    seed_component,
    total,
)
from trainables.runtime.arrays import Floats, Floats64

Scores = npt.NDArray[np.bool_ | np.floating]
Indices = npt.NDArray[np.int64]
LEVEL = 0.95


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
    level: float = LEVEL,
) -> Interval:
    """Compute the interval of the area under the curve of a score's mean over classes.

    Args:
        scores: Of each image, or subject, at each radius, (E, N): right answers, whose curve is
            balanced accuracy, or numbers such as errors in HU.
        labels: Classes, (N,); all equal for data without classes.
        eps: E increasing radii.
        seed: The same seed gives the same interval.
        resamples: Draws, of right and wrong answers.
        level: Coverage, in (0, 1).
    """
    area = Area(tuple(eps))
    return summary_interval(scores, labels, area, seed=seed, resamples=resamples, level=level)


def summary_interval(
    scores: Scores,
    labels: Labels,
    summary: Summary,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = LEVEL,
) -> Interval:
    """Compute the interval of any summary of the curve of a score's mean over classes.

    Args:
        scores: Of each image, or subject, at each radius, (E, N).
        labels: Classes, (N,); all equal for data without classes.
        summary: Makes one number of a curve, such as `trainables.metrics.skill.Skill`.
        seed: The same seed gives the same interval.
        resamples: Draws, of right and wrong answers.
        level: Coverage, in (0, 1).
    """
    value = float(summary(mean_recall(scores, labels)))
    if not is_right_or_wrong(scores):
        if isinstance(summary, Skill) and not math.isnan(value):
            return _skill_interval(value, Unclipped.of([scores], labels, summary), level)
        return _student(value, Sample.of([scores], labels, summary).component, level)
    (draws,) = _draw_means([scores], labels, seed, resamples)
    return _percentiles(value, summary(draws), level)


def share_interval(
    scores_a: Sequence[Answers],
    scores_b: Sequence[Answers],
    labels: Labels,
    zero: float,
    *,
    seed: int,
    resamples: int = 2000,
) -> Interval:
    """Compute what share A keeps of B beyond ``zero``: (A - zero) / (B - zero), of their means.

    The interval is over images, and over the seeds of each of both that has several trainings: what
    a single one owes to its seed is not known.

    Args:
        scores_a: Of each image, (N,), in each training of A.
        scores_b: Of the same images, in each training of B.
        labels: Classes, (N,).
        zero: The score of a constant answer; 0 for a share of B itself. Resamples in which B is
            not on the same side of it have no share.
        seed: The same seed gives the same interval.
        resamples: Draws, of right and wrong answers.
    """
    pair = np.array(scores_a), np.array(scores_b)
    rest, whole = (float(mean_recall(scores, labels).mean()) - zero for scores in pair)
    if not whole:
        return Interval(math.nan, math.nan, math.nan)
    value = rest / whole
    if not all(len(scores) == 1 and is_right_or_wrong(scores) for scores in pair):
        return _ratio_interval(pair, labels, value, whole)
    draws_a, draws_b = (draws[:, 0] - zero for draws in _draw_means(pair, labels, seed, resamples))
    base = np.where(np.sign(draws_b) == np.sign(whole), draws_b, np.nan)
    return _percentiles(value, draws_a / base, LEVEL)


def _ratio_interval(
    pair: tuple[Answers, Answers], labels: Labels, value: float, base: float
) -> Interval:
    """Compute the interval of a ratio by Student's t, of the variances over images and seeds.

    Args:
        pair: Scores of each image in each training of A, (S, N), and of B, (T, N).
        labels: Classes, (N,).
        value: The ratio.
        base: What it is a share of.
    """
    a, b = (
        Sample.of([scores[None] for scores in trainings], labels, Area((0.0,)))
        for trainings in pair
    )
    images = (a - b.scaled(value)).scaled(1 / base).component
    weights = (1 / base, value / base)
    seeds = total(
        [
            seed_component(weight * mean_recall(trainings, labels))
            for weight, trainings in zip(weights, pair, strict=True)
            if len(trainings) > 1
        ]
    )
    fewest = min(map(len, pair))
    estimated = estimate(value, [seeds, images], apart=fewest < FEW)
    return Interval(value, estimated.low, estimated.high)


def chance_interval(
    labels: Labels, skill: Skill, *, seed: int, best_of: int = 1, draws: int = 20_000
) -> Interval:
    """Simulate what skill chance alone gives: answers at random, which no attack moves.

    Skill is never below 0, so that of answers at chance is above 0 on average.

    Args:
        labels: Classes, (N,).
        skill: Whose zero is how probable a right answer is.
        seed: The same seed gives the same interval.
        best_of: How many classifiers, of which the best by this skill is looked at.
        draws: How many classifiers are simulated.

    Returns:
        The mean, and what contains the best of so many in 95 % of cases.

    Example:
        >>> labels = np.repeat([0, 1], [42, 114])
        >>> mean, low, high = chance_interval(labels, Skill((0.0, 1.0), 0.5), seed=0)
        >>> round(mean, 2), round(high, 1)
        (0.04, 0.2)
    """
    generator = np.random.default_rng(seed)
    counts = np.unique(labels, return_counts=True)[1]
    means = (generator.binomial(counts, skill.zero, (draws, len(counts))) / counts).mean(axis=1)
    values = skill(means[:, None].repeat(len(skill.eps), axis=1))
    # The best of n lies below a value as often as a single one does, to the power of n.
    bounds = np.quantile(values, [((1 + side * LEVEL) / 2) ** (1 / best_of) for side in (-1, 1)])
    return Interval(float(values.mean()), *bounds.tolist())


def mean_interval(values: Floats, *, level: float = LEVEL) -> Interval:
    """Compute the interval of a mean over subjects, by Student's t.

    Args:
        values: Of each subject, (N,); a NaN is left out.
        level: Coverage, in (0, 1).

    Returns:
        For a single subject the bounds are NaN; for none, the value too.
    """
    numbers = values[~np.isnan(values)].astype(np.float64)
    if not len(numbers):
        return Interval(math.nan, math.nan, math.nan)
    mean = float(numbers.mean())
    part = image_component(numbers - mean, np.zeros(len(numbers), dtype=np.int64))
    return _student(mean, part, level)


def bootstrap(
    statistic: Callable[[Indices], float],
    labels: Labels,
    *,
    seed: int,
    resamples: int = 200,
    level: float = LEVEL,
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


def wilson(successes: int, trials: int, level: float = LEVEL) -> Interval:
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


def _draw_means(
    curves: Sequence[Answers], labels: Labels, seed: int, resamples: int
) -> list[Floats64]:
    """Draw the mean of right answers over all images of the classes, given those of the sample.

    Args:
        curves: Right answers of each of C models at each radius, (E, N).
        labels: Classes, (N,).
        seed: The same seed draws the same.
        resamples: B, how often.

    Returns:
        Of each model the mean over classes at each radius, (B, E).
    """
    generator, means = np.random.default_rng(seed), []
    answers = np.concatenate(curves).astype(np.float64)
    extremes = np.array(list(product((0.0, 1.0), repeat=len(curves)))).T  # of always or never right
    extremes = np.repeat(extremes, [len(curve) for curve in curves], axis=0)
    for label in np.unique(labels):
        patterns, counts = np.unique(answers[:, labels == label], axis=1, return_counts=True)
        patterns = np.concatenate([patterns, extremes], axis=1)
        weights = np.append(counts, np.full(extremes.shape[1], 1 / extremes.shape[1]))
        means.append(generator.dirichlet(weights, size=resamples) @ patterns.T)
    ends = np.cumsum([len(curve) for curve in curves])[:-1]
    return np.split(np.mean(means, axis=0), ends, axis=1)


def _student(value: float, part: Component, level: float) -> Interval:
    """Compute an interval by Student's t from the variance over images."""
    half = quantile(part.df, level) * math.sqrt(part.variance)
    return Interval(value, value - half, value + half)


def _skill_interval(value: float, rest: Unclipped, level: float) -> Interval:
    """Reach down from the unclipped share and up from the skill, within 0 and 1."""
    centre = float(rest.values.mean())
    _, low, high = _student(centre, rest.images.component, level)
    low, high = np.clip([low, high + value - centre], 0.0, 1.0).tolist()
    return Interval(value, low, high)


def _percentiles(value: float, resamples: Floats64, level: float) -> Interval:
    numbers = resamples[~np.isnan(resamples)]
    if len(numbers) == 0:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(numbers, [(1 - level) / 2, (1 + level) / 2])
    # Draws that smooth rare answers never reach a perfect score, which may be the value.
    return Interval(value, min(float(low), value), max(float(high), value))
