"""Radii that distinguish models: attacks that are strong, but not so strong that all fail."""

from collections.abc import Sequence
from math import exp, log

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats64

SHARES = (0.75, 0.5, 0.25)  # of the clean score that remain under attack, one for each radius
DIGITS = 2  # significant digits of a radius, short enough to repeat


def radii_at(
    eps: Sequence[float],
    survival: npt.ArrayLike,
    shares: Sequence[float] = SHARES,
) -> tuple[float, ...]:
    """Return 0 and the radii at which certain shares of the clean score remain.

    Between two radii the share falls evenly with the logarithm of the radius. A share that is lost
    below the least radius gives the least radius; one that is never lost gives the greatest.

    Args:
        eps: E increasing radii, the first 0.
        survival: Share of the clean score that remains at each radius, (E,); 1 means all. A rise
            from one radius to the next is ignored: a greater radius allows all that a smaller does.
        shares: Falling, between 0 and 1.

    Returns:
        Radii of two significant digits.

    Raises:
        ValueError: If there are fewer than 2 radii, they do not increase from 0, or ``survival``
            has another length.
    """
    radii, falling = _checked(eps, survival)
    crossings = [_radius_at(radii[1:], falling[1:], share) for share in shares]
    return tuple(dict.fromkeys([0.0, *map(_rounded, crossings)]))


def radius_at(eps: Sequence[float], survival: npt.ArrayLike, share: float) -> float:
    """Return the radius at which a certain share of the clean score remains, see `radii_at`.

    Args:
        eps: E increasing radii, the first 0.
        survival: Share of the clean score that remains at each radius, (E,).
        share: Between 0 and 1.

    Raises:
        ValueError: As `radii_at`.
    """
    radii, falling = _checked(eps, survival)
    return _radius_at(radii[1:], falling[1:], share)


def spaced(first: float, last: float, count: int, *, unit: float = 1.0) -> tuple[float, ...]:
    """Return 0 and radii from the first to the last at equal steps of the logarithm.

    Args:
        first: Above 0.
        last: Above the first.
        count: Of the radii above 0, at least 2.
        unit: Radii are rounded to two significant digits in this unit.

    Example:
        >>> spaced(1, 16, 5)
        (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
    """
    logarithms = np.linspace(log(first / unit), log(last / unit), count)
    return tuple(dict.fromkeys([0.0, *(unit * _rounded(exp(power)) for power in logarithms)]))


def _checked(eps: Sequence[float], survival: npt.ArrayLike) -> tuple[Floats64, Floats64]:
    """Return radii and shares as arrays, no share above the one before it."""
    radii, remainders = np.asarray(eps, dtype=float), np.asarray(survival, dtype=float)
    if len(radii) < 2 or radii[0] != 0 or not bool((np.diff(radii) > 0).all()):
        raise ValueError(f"radii are {tuple(eps)}, expected increasing ones from 0")
    if remainders.shape != radii.shape:
        raise ValueError(f"{len(radii)} radii, but shares of shape {remainders.shape}")
    return radii, np.minimum.accumulate(remainders)


def _radius_at(radii: Floats64, falling: Floats64, share: float) -> float:
    count = int((falling > share).sum())  # of the radii before the crossing
    if count in (0, len(falling)):
        return float(radii[min(count, len(falling) - 1)])
    low, high = count - 1, count
    weight = (falling[low] - share) / (falling[low] - falling[high])
    return exp((1 - weight) * log(radii[low]) + weight * log(radii[high]))


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
