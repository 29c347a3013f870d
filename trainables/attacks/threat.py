"""What an attacker may do: how far an image may change, in which unit, within which bounds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from searchspace.errors import UserError

AUTO = "auto"  # in place of radii: the run chooses them


@dataclass(frozen=True, kw_only=True)
class ThreatModel:
    """All images within ``eps`` of the clean one, inside the bounds.

    Attributes:
        norm: How distance is measured: ``linf``, the largest change of a pixel or voxel.
        eps: Radius, at least 0, in ``unit``.
        low: Least value of a pixel; None for no lower bound.
        high: Greatest value of a pixel; None for no upper bound.
        unit: Of ``eps``, ``low`` and ``high``: "pixel range", "MR standard deviations".

    Raises:
        ValueError: If the norm is unknown, eps is negative or not finite, or low is not below high.
    """

    norm: Literal["linf"]
    eps: float
    low: float | None
    high: float | None
    unit: str

    def __post_init__(self) -> None:
        if self.norm != "linf":
            raise ValueError(f"norm is '{self.norm}', only 'linf' is known")
        if not (math.isfinite(self.eps) and self.eps >= 0):
            raise ValueError(f"eps is {self.eps}, expected a finite number of at least 0")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"bounds are {self.low} and {self.high}, expected low < high")

    def project(self, images: Tensor, clean: Tensor) -> Tensor:
        """Bring images back into the ball around the clean ones, and into the bounds.

        Args:
            images: Any images, of the shape of ``clean``.
            clean: Images inside the bounds.
        """
        return self.clip(torch.clamp(images, clean - self.eps, clean + self.eps))

    def clip(self, images: Tensor) -> Tensor:
        """Bring images back into the bounds; the radius is ignored."""
        if self.low is None and self.high is None:
            return images
        return images.clamp(self.low, self.high)

    def admits(self, images: Tensor) -> bool:
        """Return whether every value lies inside the bounds; NaN does not."""
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return bool(((images >= low) & (images <= high)).all())


def pixels(eps: float) -> ThreatModel:
    """Create the threat model of classifiers: pixels in [0, 1], each changed by up to ``eps``."""
    return ThreatModel(norm="linf", eps=eps, low=0.0, high=1.0, unit="pixel range")


def mr_deviations(eps: float) -> ThreatModel:
    """Create the threat model of synthesis: z-scored MR, without bounds [robmednas].

    The unit is one standard deviation of the subject's volume, not a share of its range.
    """
    return ThreatModel(norm="linf", eps=eps, low=None, high=None, unit="MR standard deviations")


def parse_eps(text: str, threat: Callable[[float], ThreatModel] = pixels) -> tuple[float, ...]:
    """Read a grid of radii such as ``0,1/255,2.5/255,0.05``.

    Args:
        text: Numbers or fractions, separated by commas.
        threat: Creates the threat model of a radius; its bounds limit the radii.

    Returns:
        Radii, sorted and without repeats. 0 is always included: every curve starts at the clean
        score.

    Raises:
        UserError: If an entry is not a number or fraction, or not a radius of that threat model,
            or none is above 0.

    Example:
        >>> parse_eps("0.05, 1/4")
        (0.0, 0.05, 0.25)
    """
    limits = threat(0.0)
    radii = {0.0, *(_parse_radius(entry.strip(), limits) for entry in text.split(","))}
    if len(radii) == 1:
        raise UserError(
            f"epsilon {text} attacks nothing: give a radius above 0; to rank without attack, give "
            "--metric a clean score"
        )
    return tuple(sorted(radii))


def _parse_radius(entry: str, limits: ThreatModel) -> float:
    try:
        numerator, _, denominator = entry.partition("/")
        radius = float(Fraction(numerator) / Fraction(denominator or "1"))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise UserError(
            f"epsilon '{entry}' is not a number ({limits.unit}): write a list like 0,1/255,0.05, "
            f"or {AUTO}"
        ) from None
    if limits.low is None or limits.high is None:
        if radius < 0:
            raise UserError(f"epsilon {entry} is below 0: write it in {limits.unit}, such as 0.1")
    elif not 0 <= radius <= limits.high - limits.low:
        raise UserError(
            f"epsilon {entry} is not from 0 to {limits.high - limits.low:g}: pixels lie in "
            f"[{limits.low:g}, {limits.high:g}], write 8/255, not 8"
        )
    return radius
