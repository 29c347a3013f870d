"""Precision, recall, density and coverage of generated images [precisionrecall; prdc].

Around each point lies a ball that reaches to its k-th nearest neighbour in its own set, the point
itself not counted. A point is inside a ball if it is strictly nearer.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.metrics.intervals import Interval, mean_interval, wilson
from trainables.runtime.arrays import Floats, Floats64, Mask

NEIGHBOURS = 5
EXACT = 2_000_000  # differences that are worth their memory


@dataclass(frozen=True, kw_only=True)
class Manifold:
    """How two sets of points cover each other.

    Attributes:
        precision: Share of the generated points inside a ball of a real one.
        recall: Share of the real points inside a ball of a generated one.
        density: In how many real balls a generated point is, relative to k; may exceed 1.
        coverage: Share of the real balls that hold a generated point.
    """

    precision: Interval
    recall: Interval
    density: Interval
    coverage: Interval


def compare_manifolds(real: Floats, generated: Floats, k: int = NEIGHBOURS) -> Manifold:
    """Compare generated points with real ones; intervals are over points.

    Precision and density praise a generator that has collapsed to one good image; recall and
    coverage do not.

    Args:
        real: Features (N, D) of images that no generator was trained on.
        generated: (M, D).
        k: Neighbours of a ball. Sets of k points or fewer have no balls: all is NaN.
    """
    if min(len(real), len(generated)) <= k:
        undefined = Interval(math.nan, math.nan, math.nan)
        return Manifold(
            precision=undefined, recall=undefined, density=undefined, coverage=undefined
        )
    distances = squared_distances(real, generated)
    in_real: Mask = distances < _radii(real, k)[:, None]
    in_generated: Mask = distances < _radii(generated, k)[None, :]
    density = mean_interval(in_real.sum(axis=0) / k)
    return Manifold(
        precision=_share(np.any(in_real, axis=0)),
        recall=_share(np.any(in_generated, axis=1)),
        density=density._replace(low=max(0.0, density.low)),
        coverage=_share(np.any(in_real, axis=1)),
    )


def squared_distances(points: Floats, reference: Floats) -> Floats64:
    """Compute squared distances (N, M) of points (N, D) from a reference (M, D), at least 0.

    They come from differences where a set is small, so that equal points are at distance 0.
    """
    first, second = points.astype(np.float64), reference.astype(np.float64)
    if first.shape[1] * len(first) * len(second) <= EXACT:
        exact: Floats64 = np.square(first[:, None] - second[None]).sum(axis=2)
        return exact
    norms = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    distances: Floats64 = np.maximum(norms - 2 * first @ second.T, 0.0)
    return distances


def _radii(points: Floats, k: int) -> Floats64:
    """Return the squared distance of each point from its k-th neighbour in its set, (N,)."""
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, np.inf)
    radii: Floats64 = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return radii


def _share(mask: npt.ArrayLike) -> Interval:
    answers = np.asarray(mask)
    return wilson(int(answers.sum()), len(answers))
