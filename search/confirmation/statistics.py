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
    return np.stack([_areas(seed) for seed in seeds])


def value(image_areas: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Average areas (S, N) over seeds, and over classes alike."""
    return float(np.mean([mean_recall(seed_areas, labels) for seed_areas in image_areas]))


def mean_of(seeds: Sequence[Examination], condition: tuple[str, float]) -> float:
    """Average a condition's scores over seeds, and over classes alike."""
    rows = (seed.scores[seed.conditions.index(condition)] for seed in seeds)
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
        self._generator = np.random.default_rng([seed, 1])
        self._seed = seed
        classes = np.unique(labels)
        self.weights = np.zeros((count, len(labels)))  # of each image in a mean over classes
        for label in classes:
            rows = np.flatnonzero(labels == label)
            counts = self._generator.multinomial(
                len(rows), np.full(len(rows), 1 / len(rows)), size=count
            )
            self.weights[:, rows] = counts / len(rows) / len(classes)

    def values(self, image_areas: Floats, number: int) -> Floats:
        """Compute the value of areas (S, N) in each draw, (B,), seeds drawn as well.

        Args:
            image_areas: The areas.
            number: Of the finalist: each draws its own seeds, the same at every call.
        """
        resampled = self.weights @ image_areas.T
        generator = np.random.default_rng([self._seed, 2, number])
        choice = generator.integers(image_areas.shape[0], size=resampled.shape)
        means: Floats = np.take_along_axis(resampled, choice, axis=1).mean(axis=1)
        return means


def interval(exact: float, resampled: Floats) -> Interval:
    """Return a value with the percentiles of its resamples."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(exact, float(low), float(high))


def optimism(exact: Floats, resampled: Floats, direction: Direction) -> float:
    """Estimate how much the best of several looks better than it is, for having been chosen.

    The mean over resamples of what the one that is best in a resample scores there, less what it
    scores on all images: choosing on the images at hand profits from their accidents as much as
    choosing on a resample from the resample's.

    Args:
        exact: Value of each of F finalists, (F,).
        resampled: In each resample, (F, B).
        direction: Whether more or less is better.
    """
    sign = 1.0 if direction == "max" else -1.0
    best = (sign * resampled).argmax(axis=0)
    gain = resampled[best, np.arange(resampled.shape[1])] - exact[best]
    return float(sign * gain.mean())


def _areas(examination: Examination) -> Floats:
    kinds = [kind for kind, _ in examination.conditions]
    rows = [kinds.index(CLEAN), *(n for n, kind in enumerate(kinds) if kind == ENSEMBLE)]
    image_areas: Floats = trapezoid_weights(examination.eps) @ examination.scores[rows]
    return image_areas
