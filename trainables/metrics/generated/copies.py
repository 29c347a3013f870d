"""Whether generated images are copies: their nearest training image against that of held-out ones.

Some images are near training images by chance. So what is near is said by images that were held
out: nearer than the nearest twentieth of them. A generator that learned the distribution has about
a twentieth of its images there as well, and one that copies has more.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from trainables.metrics.alarms import exact_interval
from trainables.metrics.generated.manifold import squared_distances
from trainables.metrics.intervals import Interval
from trainables.runtime.arrays import Floats, Floats64

SHARE = 0.05  # of held-out images that count as near
SURE = 0.99  # probability of no alarm for a generator that does not copy
Flips = tuple[tuple[int, ...], ...]
FLIPS: Flips = ((), (1,), (2,), (1, 2))  # axes of images (N, H, W, C): a mirrored copy is one, too


@dataclass(frozen=True, kw_only=True)
class Copies:
    """How near generated images are to training images.

    Attributes:
        share: Of generated images nearer than the threshold, with its interval.
        threshold: The distance of the nearest twentieth of held-out images.
        expected: The share of a generator that does not copy.
        excess: The share less the greatest that chance explains; above 0 it copies.
        z: Of the Mann-Whitney test of all distances; far below 0 where generated ones are smaller
            [datacopying].
    """

    share: Interval
    threshold: float
    expected: float
    excess: float
    z: float


def find_copies(generated: Floats, held_out: Floats) -> Copies:
    """Compare distances from the nearest training image.

    The threshold is an order statistic of M held-out distances, and so random itself. Below the
    r-th smallest of M, others of the same law fall with a probability that follows a beta
    distribution, hence their number a beta-binomial one.

    Args:
        generated: Distances of N generated images, (N,).
        held_out: Of M images that nothing was trained on, (M,), at least 1.
    """
    count, total = len(held_out), len(generated)
    rank = math.ceil(SHARE * count)
    threshold = float(np.sort(held_out)[rank - 1])
    near = int((generated < threshold).sum())
    low, high = exact_interval(near, total)
    return Copies(
        share=Interval(near / total, low, high),
        threshold=threshold,
        expected=rank / (count + 1),
        excess=(near - _greatest(total, rank, count)) / total,
        z=_mann_whitney(generated, held_out),
    )


@cache
def _greatest(total: int, rank: int, count: int) -> float:
    """Return how many of ``total`` chance brings below the rank-th smallest of ``count``."""
    return float(stats.betabinom.ppf(SURE, total, rank, count + 1 - rank))


def nearest(
    images: npt.NDArray[np.uint8], training: npt.NDArray[np.uint8]
) -> tuple[Floats64, npt.NDArray[np.int64]]:
    """Find the nearest training image of each image, mirrored ones among them.

    Args:
        images: (N, H, W, C).
        training: (M, H, W, C), at least 1.

    Returns:
        Root mean square differences in [0, 1], (N,), and positions among the training images, (N,).
    """
    flat, rows = _flat(images), np.arange(len(images))
    best, positions = np.full(len(images), np.inf), np.zeros(len(images), dtype=np.int64)
    for axes in FLIPS:
        distances = squared_distances(flat, _flat(np.flip(training, axes)))
        columns = distances.argmin(axis=1)
        better = distances[rows, columns] < best
        best[better], positions[better] = distances[rows, columns][better], columns[better]
    return np.sqrt(best / flat.shape[1]), positions


def _flat(images: npt.NDArray[np.uint8]) -> Floats64:
    flat: Floats64 = images.reshape(len(images), -1).astype(np.float64) / 255
    return flat


def _mann_whitney(first: Floats, second: Floats) -> float:
    """Return the normal deviate of the rank sum of the first sample, corrected for ties."""
    ranks = stats.rankdata(np.concatenate([first, second]))
    n, m = len(first), len(second)
    _, ties = np.unique(ranks, return_counts=True)
    tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / ((n + m) * max(1, n + m - 1))
    variance = n * m / 12 * (n + m + 1 - tied)
    if variance <= 0:
        return 0.0
    excess = ranks[:n].sum() - n * (n + 1) / 2 - n * m / 2
    return float(excess / math.sqrt(variance))
