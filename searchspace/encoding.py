"""A canonical form and a digest for each point of a space."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from searchspace.domains import Domain, Float
from searchspace.space import Space

DIGITS = 12  # significant digits of a float that distinguish two configs


def canonical(space: Space, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the active parameters in declared order, floats rounded to 12 significant digits.

    All other keys are dropped: an inactive parameter does not distinguish two configs.

    Raises:
        UserError: If an active parameter is missing or outside its domain.
    """
    point = space.restrict(config)
    space.check(point)
    return {param.name: _rounded(param.domain, point[param.name]) for param in space.active(point)}


def digest(space: Space, config: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits, the same for all configs with the same canonical form.

    Raises:
        UserError: If an active parameter is missing or outside its domain.
    """
    text = json.dumps([space.name, canonical(space, config)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rounded(domain: Domain, value: Any) -> Any:  # noqa: ANN401 - any option of a Choice
    if not isinstance(domain, Float):
        return value
    rounded = float(f"{value:.{DIGITS - 1}e}") + 0.0  # adding 0 turns -0.0 into 0.0
    return float(min(max(rounded, domain.low), domain.high))  # rounding may exceed a bound
