"""Radii that distinguish models: between two anchors, one that nothing made robust, one that was.

Where even the first withstands all attacks, or the second none, no network can be told from
another. Between them recipes differ. So both are trained before the first trial, and attacked on
val at many radii.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log2

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats64
from trainables.study.study import EpsChoice

DIGITS = 2  # significant digits of a radius, short enough to repeat
FIRST, LAST = 0.5, 0.25  # shares of the clean skill that the baseline and the robust one keep
COUNT = 5  # radii above 0 that are chosen
LEAST_RATIO = 4.0  # of the last radius to the first
GREATEST = "is the greatest there is"
OCTAVES = 2.0**4  # the same where only one of them is known


@dataclass(frozen=True)
class Scale:
    """Radii of a threat model: which are tried, and how they are written.

    Attributes:
        radii: Increasing, the first 0.
        unit: A radius is rounded to two significant digits in this unit.
        words: That name the unit, after radii.
        greatest: No radius lies above: it permits any change.
    """

    radii: tuple[float, ...]
    unit: float
    words: str
    greatest: float


@dataclass(frozen=True)
class Anchor:
    """A trained network under attack, on val.

    Attributes:
        name: Label of the reference.
        survival: Share of its clean skill that PGD leaves at each radius that is tried, (E,), which
            may end where no more than `LAST` is left; None where it is no better than a constant
            answer.
        is_above: Whether its clean score lies above that of a constant answer beyond chance.
    """

    name: str
    survival: Floats64 | None
    is_above: bool = True

    def radius(self, share: float, radii: tuple[float, ...]) -> float | None:
        """Return the radius at which a share of the clean skill remains; None at chance.

        Args:
            share: Between 0 and 1.
            radii: Increasing radii, the first 0.
        """
        if self.survival is None:
            return None
        return radius_at(radii[: len(self.survival)], self.survival, share)

    def withstands(self, share: float) -> bool:
        """Return whether more than a share of the clean skill remains at all radii."""
        return self.survival is not None and float(self.survival.min()) > share


def choose_eps(
    baseline: Anchor, robust: Anchor | None, default: tuple[float, ...], scale: Scale
) -> EpsChoice:
    """Choose five log-spaced radii between those at which the anchors lose what they have.

    Args:
        baseline: Keeps half of its clean skill at the first radius.
        robust: Keeps a quarter at the last; None where the study names no such reference.
        default: The radii that remain where both are no better than a constant answer.
        scale: Of the radii.

    Returns:
        At least two octaves, at most up to the scale's greatest radius.
    """
    anchors = (baseline,) if robust is None else (baseline, robust)
    details = {
        "tried": list(scale.radii),
        "kept": {
            anchor.name: None if anchor.survival is None else anchor.survival.tolist()
            for anchor in anchors
        },
    }
    first = baseline.radius(FIRST, scale.radii)
    last = robust.radius(LAST, scale.radii) if robust else None
    if first is None and last is None:
        names = " and ".join(anchor.name for anchor in anchors)
        line = f"eps as by default: on val, no skill of {names} that an attack could take"
        return EpsChoice(default, line, details)
    by_anchors = first, last
    first = first if first is not None else (last or scale.greatest) / OCTAVES
    last = last if last is not None else OCTAVES * first
    last = max(last, LEAST_RATIO * first)
    notes = _notes(baseline, robust, *by_anchors, capped=last > scale.greatest)
    last = min(scale.greatest, last)
    eps = spaced(min(first, last / LEAST_RATIO), last, COUNT, unit=scale.unit)
    radii = f"{', '.join(f'{radius / scale.unit:g}' for radius in eps)} {scale.words}"
    line = f"eps chosen on val: {radii}, at equal steps of the logarithm; {notes}"
    for anchor in anchors:
        if anchor.survival is not None and not anchor.is_above:
            line += (
                f". The {anchor.name} is not told from a constant answer there: radii that rest on "
                "it may be chance (name some with --eps)"
            )
    return EpsChoice(eps, line, details)


def _notes(
    baseline: Anchor,
    robust: Anchor | None,
    first: float | None,
    last: float | None,
    *,
    capped: bool,
) -> str:
    """Say what the first and the last radius rest on.

    Args:
        baseline: Of the first.
        robust: Of the last, where there is one.
        first: None where the baseline is at chance.
        last: None where the robust one is, or is not there.
        capped: Whether the last would lie beyond the greatest there is.
    """
    chance_words = "is no better than a constant answer"
    octaves = f"{log2(OCTAVES):.0f} octaves"
    begin = f"at the first PGD leaves the {baseline.name} half of its clean skill"
    if first is None:
        begin = f"the {baseline.name} {chance_words}, so the first lies {octaves} below the last"
    elif baseline.withstands(FIRST):
        begin = f"the {baseline.name} keeps more than half of its clean skill at all that was tried"
    if robust is None:
        return f"{begin}, and the last {GREATEST if capped else f'lies {octaves} above'}"
    end = f"at the last the {robust.name} a quarter"
    if last is None:
        end = f"the {robust.name} {chance_words}, so the last "
        end += GREATEST if capped else f"lies {octaves} above"
    elif robust.withstands(LAST):
        end = f"the {robust.name} more than a quarter at all that was tried"
    elif first is not None and last < LEAST_RATIO * first:
        octaves = f"{log2(LEAST_RATIO):.0f} octaves"
        end = f"the {robust.name} loses three quarters sooner: the last "
        end += GREATEST if capped else f"lies {octaves} above"
    return f"{begin}, {end}"


def radius_at(eps: Sequence[float], survival: npt.ArrayLike, share: float) -> float:
    """Return the radius at which a certain share of the clean score remains.

    Between two radii the share falls evenly with the logarithm of the radius. A share that is lost
    below the least radius gives the least radius; one that is never lost gives the greatest.

    Args:
        eps: E increasing radii, the first 0.
        survival: Share of the clean score that remains at each radius, (E,); 1 means all. A rise
            from one radius to the next is ignored: a greater radius allows all that a smaller does.
        share: Between 0 and 1.

    Raises:
        ValueError: If there are fewer than 2 radii, they do not increase from 0, or ``survival``
            has another length.
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
