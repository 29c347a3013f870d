"""One form and one name for each point of a space, however it was written."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from searchspace.domains import Float
from searchspace.space import Space

DIGITS = 12  # significant digits of a float that count


def canonical(space: Space, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the active parameters in declared order, floats rounded to 12 significant digits.

    What is switched off does not tell two configs apart.
    """
    active = {param.name: param for param in space.active(config)}
    return {
        name: float(f"{config[name]:.{DIGITS - 1}e}")
        if isinstance(param.domain, Float)
        else config[name]
        for name, param in active.items()
    }


def digest(space: Space, config: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that equal configs of a space share."""
    text = json.dumps([space.name, canonical(space, config)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
