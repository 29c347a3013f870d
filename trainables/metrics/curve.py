"""One number for a score over a grid of radii."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats64


def area(eps: Sequence[float], values: npt.ArrayLike) -> float:
    """Compute the area under a curve by trapezoids, divided by the range of radii.

    Args:
        eps: E increasing radii.
        values: Score at each radius, (E,).

    Returns:
        A weighted mean of the values, so within their range; NaN if one is NaN.

    Raises:
        ValueError: If the radii do not increase, or the numbers of radii and values differ.
    """
    heights = np.asarray(values, dtype=np.float64)
    if heights.shape != (len(eps),):
        raise ValueError(f"{len(eps)} radii, but values of shape {heights.shape}")
    return float(trapezoid_weights(eps) @ heights)


def trapezoid_weights(eps: Sequence[float]) -> Floats64:
    """Return the weight of each radius in the area, (E,), with a sum of 1.

    Raises:
        ValueError: If there are no radii, or they do not increase.
    """
    radii = np.asarray(eps, dtype=np.float64)
    widths = np.diff(radii)
    if len(radii) == 0 or not bool((widths > 0).all()):
        raise ValueError(f"radii are {tuple(eps)}, expected increasing ones")
    if len(radii) == 1:
        return np.ones(1)
    halves = np.concatenate([[0.0], widths, [0.0]])
    weights: Floats64 = (halves[:-1] + halves[1:]) / (2 * widths.sum())
    return weights
