"""Draw configs at random."""

import math
from typing import Any

import numpy as np

from searchspace.domains import Choice, Domain, Float, Int, Value
from searchspace.space import Space


def sample(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a config. Inactive parameters consume a draw too, so that streams stay aligned."""
    drawn: dict[str, Any] = {p.name: draw(p.domain, float(rng.random())) for p in space.params}
    return space.restrict(drawn)


def draw(domain: Domain, u: float) -> Value:
    """Map a uniform u in [0, 1) onto a domain, with the domain's own density."""
    match domain:
        case Choice(options):
            return options[int(u * len(options))]
        case Int(low, high, log):
            edges = low - 0.5, high + 0.5
            found = round(_between(*edges, u, log=log))
            return min(max(found, low), high)
        case Float(low, high, log):
            return min(max(_between(low, high, u, log=log), low), high)


def to_unit(domain: Int | Float, value: float) -> float:
    """Return where in [0, 1] a value lies: what `draw` maps onto it."""
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
