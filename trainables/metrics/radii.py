"""Radii at which models can be told apart: attacked hard enough, and not so hard that all fail."""

from collections.abc import Sequence
from math import exp, log

import numpy as np
import numpy.typing as npt

SHARES = (0.75, 0.5, 0.25)  # of what a model can do, that an attack at each radius leaves
Floats = npt.NDArray[np.float64]
DIGITS = 2  # a reader should be able to repeat the radii


def radii_at(
    eps: Sequence[float],
    kept: npt.ArrayLike,
    shares: Sequence[float] = SHARES,
    *,
    unit: float = 1.0,
    beyond: bool = False,
) -> tuple[float, ...]:
    """Return 0 and the radii that leave certain shares of what a model can do.

    Between two radii the share falls evenly with the logarithm of the radius. A share that is lost
    before the least radius, or never, stands for the least or the greatest.

    Args:
        eps: E increasing radii, the first 0.
        kept: Share that is left at each, (E,), 1 for all; a rise from one to the next is not
            believed, since a greater radius permits whatever a smaller does.
        shares: Falling, between 0 and 1.
        unit: What radii are rounded in, to two digits.
        beyond: Add twice the last, at which that model has little left, and better ones more.

    Raises:
        ValueError: If radii are fewer than 2 or do not increase from 0, or shares are not as many.
    """
    radii, left = np.asarray(eps, dtype=float), np.asarray(kept, dtype=float)
    if len(radii) < 2 or radii[0] != 0 or not bool((np.diff(radii) > 0).all()):
        raise ValueError(f"radii are {tuple(eps)}, expected increasing ones from 0")
    if left.shape != radii.shape:
        raise ValueError(f"{len(radii)} radii, but shares of shape {left.shape}")
    falling = np.minimum.accumulate(left)
    found = [_radius_at(radii[1:], falling[1:], share) for share in shares]
    if beyond:
        found.append(2 * found[-1])
    return tuple(dict.fromkeys([0.0, *(unit * _rounded(radius / unit) for radius in found)]))


def _radius_at(radii: Floats, left: Floats, share: float) -> float:
    above = int((left > share).sum())  # they come first, as shares fall
    if above in (0, len(left)):
        return float(radii[min(above, len(left) - 1)])
    low, high = above - 1, above
    way = (left[low] - share) / (left[low] - left[high])
    return exp((1 - way) * log(radii[low]) + way * log(radii[high]))


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
