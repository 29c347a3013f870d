"""What examinations of several seeds say of finalists, and how sure it is.

The value of a finalist is the mean over its seeds of the mean over classes of each image's area
under its curve against epsilon, under the ensemble. Resamples draw images within classes, the same
for all finalists, and seeds of each finalist by itself: both are accidents of the data at hand.
"""

from collections.abc import Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import mean_recall
from trainables.metrics.curve import trapezoid_weights
from trainables.metrics.intervals import Interval
from trainables.study.examination import CLEAN, ENSEMBLE, Direction, Examination

RESAMPLES = 2000
LEVEL = 0.95
Floats = npt.NDArray[np.float64]


def areas(seeds: Sequence[Examination]) -> Floats:
    """Compute each image's area under its curve for each of S seeds, (S, N)."""
    return np.stack([_areas(one) for one in seeds])


def value(found: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Average areas (S, N) over seeds, and over classes alike."""
    return float(np.mean([mean_recall(own, labels) for own in found]))


def mean_of(seeds: Sequence[Examination], condition: tuple[str, float]) -> float:
    """Average a condition's scores over seeds, and over classes alike."""
    rows = (one.scores[one.conditions.index(condition)] for one in seeds)
    return float(np.mean([mean_recall(row, seeds[0].labels) for row in rows]))


@final
class Resamples:
    """Draws of images, shared by all that is compared."""

    def __init__(self, labels: npt.NDArray[np.int64], seed: int, count: int = RESAMPLES) -> None:
        """Draw images within classes.

        Args:
            labels: Classes, (N,).
            seed: The same seed draws the same.
            count: B, how often.
        """
        self._dice = np.random.default_rng([seed, 1])
        self._seed = seed
        classes = np.unique(labels)
        self.weights = np.zeros((count, len(labels)))  # of each image in a mean over classes
        for label in classes:
            rows = np.flatnonzero(labels == label)
            drawn = self._dice.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=count)
            self.weights[:, rows] = drawn / len(rows) / len(classes)

    def values(self, found: Floats, place: int) -> Floats:
        """Compute the value of areas (S, N) in each draw, (B,), seeds drawn as well.

        Args:
            found: The areas.
            place: Of the finalist: each draws its own seeds, the same at every call.
        """
        each = self.weights @ found.T
        dice = np.random.default_rng([self._seed, 2, place])
        chosen = dice.integers(found.shape[0], size=each.shape)
        drawn: Floats = np.take_along_axis(each, chosen, axis=1).mean(axis=1)
        return drawn


def interval(exact: float, drawn: Floats) -> Interval:
    """Return a value with the percentiles of its resamples."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(exact, float(low), float(high))


def optimism(exact: Floats, drawn: Floats, direction: Direction) -> float:
    """Estimate how much the best of several looks better than it is, for having been chosen.

    The mean over resamples of what the one that is best in a resample scores there, less what it
    scores on all images: choosing on the images at hand profits from their accidents as much as
    choosing on a resample from the resample's.

    Args:
        exact: Value of each of F finalists, (F,).
        drawn: In each resample, (F, B).
        direction: Whether more or less is better.
    """
    sign = 1.0 if direction == "max" else -1.0
    chosen = (sign * drawn).argmax(axis=0)
    gain = drawn[chosen, np.arange(drawn.shape[1])] - exact[chosen]
    return float(sign * gain.mean())


def _areas(one: Examination) -> Floats:
    kinds = [kind for kind, _ in one.conditions]
    rows = [kinds.index(CLEAN), *(n for n, kind in enumerate(kinds) if kind == ENSEMBLE)]
    found: Floats = trapezoid_weights(one.eps) @ one.scores[rows]
    return found
