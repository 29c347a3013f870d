"""Estimates and tests of quantities whose variance has several sources, after Welch [welch].

The value of a recipe varies with the seed of its training and with the sample of images. Each
source adds a variance, known with its own degrees of freedom. Of their sum Student's t has
the degrees of freedom of Welch and Satterthwaite. The interval, p and the verdict follow from the
same t, so none can contradict another: p is under 1 - level exactly where the interval excludes 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

from trainables.metrics.classification import Labels
from trainables.runtime.arrays import Floats64

LEVEL = 0.95
MOST_LOOKS = 32  # beyond them a level cannot be told from 1, and intervals would have no end
FEW = 4  # trainings of a recipe below which Satterthwaite's degrees of freedom mislead
Verdict = Literal["better", "worse", "not distinguishable"]
Direction = Literal["max", "min"]


class Component(NamedTuple):
    """A source of variance.

    Attributes:
        variance: Of the quantity; NaN where it is not known.
        df: Degrees of freedom with which it is known.
    """

    variance: float
    df: float


UNKNOWN = Component(math.nan, math.nan)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A quantity with an interval, and the test of whether it is 0.

    Attributes:
        value: The quantity.
        low: Lower end of the interval; NaN where a variance is not known.
        high: Upper end.
        p: Two-sided; NaN where a variance is not known.
        df: Satterthwaite's degrees of freedom, of the whole variance.
        level: Of the interval: 1 - .05 / m for one of m that shall all hold.
    """

    value: float
    low: float
    high: float
    p: float
    df: float
    level: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval is known and lies on one side of 0."""
        return self.low > 0 or self.high < 0

    def verdict(self, direction: Direction) -> Verdict:
        """Say whether a difference A - B means that A is better, at this level.

        Args:
            direction: Whether more ("max") or less ("min") of the value is better.
        """
        if not self.excludes_zero:
            return "not distinguishable"
        return "better" if (self.value > 0) == (direction == "max") else "worse"


def estimate(
    value: float, components: Sequence[Component], comparisons: int = 1, *, apart: bool = False
) -> Estimate:
    """Give a quantity its interval and test.

    Args:
        value: The quantity.
        components: Its sources of variance.
        comparisons: How many such quantities shall all lie in their intervals in 95 % of cases, by
            Bonferroni's correction.
        apart: Whether the half widths of the sources are added in quadrature, and not their
            variances: so intervals hold however few the trainings are, see `half_width`.
    """
    level = corrected(comparisons)
    variance, df = total(components)
    if math.isnan(variance):
        return Estimate(value=value, low=math.nan, high=math.nan, p=math.nan, df=df, level=level)
    if variance == 0:
        p = 0.0 if value else 1.0
        return Estimate(value=value, low=value, high=value, p=p, df=df, level=level)
    sources = components if apart else [Component(variance, df)]
    half, p = half_width(sources, level), _p_of(value, sources)
    return Estimate(value=value, low=value - half, high=value + half, p=p, df=df, level=level)


def estimate_recipe(value: float, trainings: Floats64, images: Component) -> Estimate:
    """Give the mean of a recipe's trainings its interval; of one training it is NaN.

    Args:
        value: The mean.
        trainings: Value of each, (S,).
        images: The variance of the mean over images, or subjects.
    """
    return estimate(value, [seed_component(trainings), images], apart=len(trainings) < FEW)


def estimate_difference(
    trainings: tuple[Floats64, Floats64],
    images: Component,
    comparisons: int,
    *,
    paired: bool = False,
) -> Estimate:
    """Give the difference of two recipes' means its interval; NaN where one has one training.

    Welch's test with the images as a further source of variance. From `FEW` trainings of each on,
    variances are added. With two, that tells some of six equal recipes apart in 7 to 10 % of cases,
    with three in 6 %: then half widths are added (`benchmarks/verdicts.py`).

    Args:
        trainings: Value of each training of the one, (S,), and of the other, (T,).
        images: The variance of the difference over images, or subjects, that both share.
        comparisons: How many differences shall all lie in their intervals in 95 % of cases.
        paired: Whether the trainings are of the same seeds, in order, and the variance over seeds
            is that of their differences.
    """
    first, second = trainings
    if paired:
        seeds = seed_component(first - second)
    else:
        seeds = total([seed_component(first), seed_component(second)])
    is_few = min(len(first), len(second)) < FEW
    gap = float(first.mean() - second.mean())
    return estimate(gap, [seeds, images], comparisons, apart=is_few)


def _p_of(value: float, sources: Sequence[Component]) -> float:
    """Return 1 - the level at which an interval of `half_width` ends at 0."""
    if len(sources) == 1:
        ((variance, df),) = sources
        return 2 * float(stdtr(df, -abs(value) / math.sqrt(variance)))

    def excess(exponent: float) -> float:
        tail = 10.0**exponent / 2
        return math.hypot(*(math.sqrt(part.variance) * stdtrit(part.df, tail) for part in sources))

    least = -16  # of ten: quantiles further out are not reliable
    if excess(least) < abs(value):
        return 0.0
    return float(10 ** brentq(lambda exponent: excess(exponent) - abs(value), least, 0))


def quantile(df: float, level: float) -> float:
    """Return how many standard errors an interval of Student's t reaches to each side."""
    return float(stdtrit(df, (1 + level) / 2))


def half_width(sources: Sequence[Component], level: float) -> float:
    """Return half the width of an interval that holds at its level however few the trainings are.

    The half widths of single sources are added in quadrature. Satterthwaite's degrees of freedom of
    their sum depend on the variance over seeds, as estimated: two or three trainings that happen to
    lie close together look as if nearly all variance were known. Of 25 equal
    pairs of three trainings each `estimate` tells some apart in .11 to .17 of cases instead of .05,
    where the variance over seeds holds nothing of that over images.

    Args:
        sources: Of variance; one that is not known makes the width NaN.
        level: How often the interval holds the quantity, in (0, 1).
    """
    return math.hypot(*(math.sqrt(part.variance) * quantile(part.df, level) for part in sources))


def corrected(comparisons: int) -> float:
    """Return the level of each of several intervals that hold together, by Bonferroni."""
    return 1 - (1 - LEVEL) / max(1, comparisons)


def at_look(comparisons: int, look: int) -> int:
    """Return how many comparisons the verdicts of a look pay for.

    Who looks again where the first verdicts did not please has drawn twice. The first look errs in
    5 % of cases at most, as if there were no other; each further one has half the level of the one
    before. So all further looks together err in another 5 % at most, however many they are.

    Args:
        comparisons: Of one look.
        look: Its number, from 1.
    """
    return comparisons * int(2 ** (min(look, MOST_LOOKS) - 1))


def total(components: Sequence[Component]) -> Component:
    """Add variances; the degrees of freedom are Satterthwaite's."""
    variance = sum(component.variance for component in components)
    if math.isnan(variance):
        return UNKNOWN
    if variance == 0:
        return Component(0.0, math.inf)
    shares = [(part.variance / variance) ** 2 / part.df for part in components if part.variance]
    # Known exactly, a variance has infinite degrees of freedom; t is normal then.
    return Component(variance, min(1 / sum(shares) if sum(shares) else math.inf, 1e9))


def seed_component(values: Floats64) -> Component:
    """Estimate how far the mean of a recipe's trainings may be from that of all seeds.

    Args:
        values: Of each of S trainings, (S,); one alone tells nothing.
    """
    count = len(values)
    if count < 2:
        return UNKNOWN
    return Component(float(values.var(ddof=1)) / count, count - 1)


def interval_component(width: float) -> Component:
    """Return the variance of what has a normal interval so wide at `LEVEL`."""
    return Component((width / (2 * quantile(math.inf, LEVEL))) ** 2, math.inf)


def image_component(
    influences: Floats64, labels: Labels, extremes: Floats64 | None = None
) -> Component:
    """Estimate how far a value may be from that of all images of its classes.

    Of right and wrong answers, an image is added to each class, a part of it being right and a part
    wrong. Without it a class of few that are all right is taken for certain. For a single radius
    and class the interval is then close to Jeffreys's; how often such intervals hold the truth is
    measured by ``benchmarks/coverage.py``.

    Args:
        influences: Of each image, (N,), see `trainables.metrics.influence.influences`; of a
            difference of values on the same images, the difference.
        labels: Classes, (N,). A class of one image is taken to vary as the others do, where nothing
            is added to it.
        extremes: Influences of the P parts of the image that is added to each of K classes, (P, K);
            None, or none of them, for answers that are not right or wrong.
    """
    groups = [influences[labels == label] for label in np.unique(labels)]
    if extremes is not None and len(extremes):
        columns = zip(groups, extremes.T, strict=True)
        return total([_smoothed(group, parts) for group, parts in columns])
    several = [group for group in groups if len(group) > 1]
    if not several:
        return UNKNOWN
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in several)
    df = sum(len(group) - 1 for group in several)
    parts = [Component(float(group.var(ddof=1)) / len(group), len(group) - 1) for group in several]
    single = len(groups) - len(several)
    return total([*parts, Component(single * squares / df, df)])


def _smoothed(influences: Floats64, parts: Floats64) -> Component:
    """Estimate the variance of the mean of a class, with one more image that consists of parts."""
    count = len(influences) + 1
    mean = (influences.sum() + parts.mean()) / count
    squares = ((influences - mean) ** 2).sum() + ((parts - mean) ** 2).mean()
    return Component(float(squares) / (count - 1) / count, count - 1)
