"""What examinations of several seeds say of finalists, and how sure it is.

The value of a finalist is the mean over its seeds of what ranked the run, a skill or an area, under
the ensemble: the mean over classes of one number for each image. Resamples draw images within
classes, the same for all finalists, and seeds of each finalist by itself: both are accidents of the
data at hand.
"""

from collections.abc import Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import mean_recall
from trainables.metrics.intervals import Interval
from trainables.metrics.skill import Area, Skill, Summary, summary_of
from trainables.study.examination import CLEAN, ENSEMBLE, Direction, Examination

RESAMPLES = 2000
LEVEL = 0.95
Floats = npt.NDArray[np.float64]


def summary_for(metric: str, examination: Examination) -> Summary:
    """Return what the metric that ranks makes of a curve: its skill, and else its area."""
    eps = examination.eps
    return summary_of(metric, eps, examination.scale) or Area(eps)


def direction_of(examination: Examination, metric: str) -> Direction:
    """Return whether more or less of a value is better: of a skill more, of errors too."""
    is_skill = isinstance(summary_for(metric, examination), Skill)
    return "max" if is_skill else examination.direction


def image_values(seeds: Sequence[Examination], metric: str) -> Floats:
    """Compute a number of each image for each of S seeds, (S, N), whose mean is the seed's value.

    Args:
        seeds: Examinations on the same images.
        metric: What ranked the run.
    """
    return np.stack([_image_values(seed, metric) for seed in seeds])


def value(numbers: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Average numbers of images (S, N) over seeds, and over classes alike."""
    return float(np.mean([mean_recall(seed_numbers, labels) for seed_numbers in numbers]))


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

    def values(self, numbers: Floats, number: int) -> Floats:
        """Compute the value of numbers (S, N) in each draw, (B,), seeds drawn as well.

        Args:
            numbers: Of each seed and image.
            number: Of the finalist: each draws its own seeds, the same at every call.
        """
        resampled = self.weights @ numbers.T
        generator = np.random.default_rng([self._seed, 2, number])
        choice = generator.integers(numbers.shape[0], size=resampled.shape)
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


def _image_values(examination: Examination, metric: str) -> Floats:
    kinds = [kind for kind, _ in examination.conditions]
    rows = [kinds.index(CLEAN), *(n for n, kind in enumerate(kinds) if kind == ENSEMBLE)]
    summary = summary_for(metric, examination)
    return summary.of_images(examination.scores[rows], examination.labels)
