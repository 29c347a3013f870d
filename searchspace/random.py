"""Configs drawn at random."""

import math
from typing import Any

import numpy as np

from searchspace.domains import Choice, Domain, Float, Int, Value
from searchspace.space import Space


def sample(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a config; inactive parameters use up a random number too, so that streams stay aligned.

    Example:
        >>> from searchspace.space import Param
        >>> space = Space("toy", (Param("lr", Float(1e-4, 1e-2, log=True), "Learning rate."),))
        >>> config = sample(space, np.random.default_rng(0))
        >>> f"{config['lr']:.4f}"
        '0.0019'
    """
    values = {param.name: draw(param.domain, float(rng.random())) for param in space.params}
    return space.restrict(values)


def draw(domain: Domain, u: float) -> Value:
    """Map a uniform u in [0, 1) onto a domain, by the domain's density."""
    match domain:
        case Choice(options):
            return options[int(u * len(options))]
        case Int(low, high, log):
            edges = low - 0.5, high + 0.5
            number = round(_between(*edges, u, log=log))
            return min(max(number, low), high)
        case Float(low, high, log):
            return min(max(_between(low, high, u, log=log), low), high)


def to_unit(domain: Int | Float, value: float) -> float:
    """Return the position of a value in [0, 1], the inverse of `draw`."""
    low, high = float(domain.low), float(domain.high)
    if isinstance(domain, Int):
        low, high = low - 0.5, high + 0.5
    if domain.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)


def _between(low: float, high: float, u: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return low + u * (high - low)
