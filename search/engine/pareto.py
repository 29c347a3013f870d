"""Two objectives at once: who is dominated, what the front encloses, and which point to take."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]


def depths(points: Points) -> npt.NDArray[np.int64]:
    """Count for each point how many fronts lie before its own; 0 on the Pareto front.

    Args:
        points: (N, 2), larger is better in both; no NaN.

    Returns:
        (N,): the fronts that remain when those before are taken away [nsga2].
    """
    result = np.full(len(points), -1, dtype=np.int64)
    dominated = _dominated(points)
    depth = 0
    while (result < 0).any():
        open_rows = result < 0
        front = open_rows & ~dominated[:, open_rows].any(axis=1)
        result[front] = depth
        depth += 1
    return result


def hypervolume(points: Points, reference: tuple[float, float]) -> float:
    """Measure the area that points dominate above a reference point.

    Args:
        points: (N, 2), larger is better in both; what is not above the reference adds nothing.
        reference: The corner that the area is measured from.
    """
    height, area = reference[1], 0.0
    for x, y in sorted(map(tuple, points.tolist()), reverse=True):
        if x > reference[0] and y > height:
            area += (x - reference[0]) * (y - height)
            height = y
    return area


def distances_to_ideal(points: Points, front: Sequence[int]) -> npt.NDArray[np.float64]:
    """Measure how far points are from the best values of a front, both scaled to its range.

    Args:
        points: (N, 2), larger is better in both.
        front: Rows on the front, at least one.

    Returns:
        (N,): Euclidean distances; an objective in which the whole front is equal does not count.
    """
    best, worst = points[front].max(axis=0), points[front].min(axis=0)
    width = best - worst
    scaled = np.divide(best - points, width, out=np.zeros_like(points), where=width > 0)
    distances: npt.NDArray[np.float64] = np.hypot(scaled[:, 0], scaled[:, 1])
    return distances


def _dominated(points: Points) -> npt.NDArray[np.bool_]:
    """Tell for each pair whether the first is dominated by the second: (N, N)."""
    no_better = (points[:, None, :] <= points[None, :, :]).all(axis=2)
    worse_once = (points[:, None, :] < points[None, :, :]).any(axis=2)
    return np.asarray(no_better & worse_once)
