"""Small changes of a config."""

from typing import Any

import numpy as np

from searchspace import random as to_random
from searchspace.domains import Choice
from searchspace.space import Param, Space
from trainables.study.study import Config

STEP = 0.2  # standard deviation of a number's mutation, as a share of its (logarithmic) range


def mutate(
    space: Space, parent: Config, dice: np.random.Generator, step: float = STEP
) -> dict[str, Any]:
    """Change one active parameter; what depends on it, and now exists, is drawn anew."""
    choices = space.active(parent)
    chosen = choices[dice.integers(len(choices))]
    child = dict(parent) | {chosen.name: _other_value(chosen, parent[chosen.name], dice, step)}
    active = space.active(child)
    while lacking := [param for param in active if param.name not in child]:
        for param in lacking:
            child[param.name] = to_random.draw(param.domain, float(dice.random()))
        active = space.active(child)
    return {param.name: child[param.name] for param in active}


def _other_value(
    param: Param,
    value: Any,  # noqa: ANN401
    dice: np.random.Generator,
    step: float,
) -> Any:  # noqa: ANN401
    if isinstance(param.domain, Choice):
        others = [option for option in param.domain.options if option != value]
        return others[dice.integers(len(others))]
    moved = to_random.to_unit(param.domain, value) + step * float(dice.normal())
    return to_random.draw(param.domain, float(np.clip(moved, 0.0, np.nextafter(1.0, 0.0))))
