"""Draw configs at random."""

import math
from typing import Any

import numpy as np

from searchspace.domains import Choice, Domain, Float, Int, Value
from searchspace.space import Space


def sample(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a config. Inactive parameters consume a draw too, so that streams stay aligned."""
    drawn: dict[str, Any] = {p.name: _draw(p.domain, float(rng.random())) for p in space.params}
    return space.restrict(drawn)


def _draw(domain: Domain, u: float) -> Value:
    """Map a uniform u in [0, 1) onto a domain."""
    match domain:
        case Choice(options):
            return options[int(u * len(options))]
        case Int(low, high, log):
            edges = low - 0.5, high + 0.5
            found = round(_between(*edges, u, log=log))
            return min(max(found, low), high)
        case Float(low, high, log):
            return min(max(_between(low, high, u, log=log), low), high)


def _between(low: float, high: float, u: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return low + u * (high - low)
