"""Small changes of a config."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from searchspace import random as to_random
from searchspace.domains import Choice
from searchspace.space import Param, Space
from trainables.study.study import Config

STEP = 0.2  # standard deviation of a number's mutation, as a share of its (logarithmic) range
MOST_CHANGES = 3  # of a neighbour
ATTEMPTS = 20  # for each neighbour, where changes lead back


def mutate(
    space: Space, parent: Config, generator: np.random.Generator, step: float = STEP
) -> dict[str, Any]:
    """Change one active parameter at random; draw those that the change switches on.

    Args:
        space: Of the config.
        parent: A point of the space; stays as it is.
        generator: Of all draws.
        step: Standard deviation of a number's change, as a share of its (logarithmic) range.
    """
    choices = space.active(parent)
    target = choices[generator.integers(len(choices))]
    child = dict(parent) | {target.name: _change(target, parent[target.name], generator, step)}
    active = space.active(child)
    while lacking := [param for param in active if param.name not in child]:
        for param in lacking:
            child[param.name] = to_random.draw(param.domain, float(generator.random()))
        active = space.active(child)
    return {param.name: child[param.name] for param in active}


def neighbours(
    space: Space, points: Sequence[Config], count: int, seed: int
) -> tuple[dict[str, Any], ...]:
    """Change points a little, each in turn, in one, two or three parameters.

    A change that would switch further parameters on, whose values were drawn at random, is none.

    Args:
        space: Of the points.
        points: What is changed; none of them is returned.
        count: How many, where the space has so many.
        seed: The same seed gives the same neighbours.
    """
    generator = np.random.default_rng([seed, len(points)])
    changed: list[dict[str, Any]] = []
    for number in range(ATTEMPTS * count if points else 0):
        point = dict(points[number % len(points)])
        names = set(point)
        for _ in range(1 + number % MOST_CHANGES):
            point = mutate(space, point, generator)
        if names >= set(point) and point not in changed and point not in points:
            changed.append(point)
        if len(changed) == count:
            break
    return tuple(changed)


def _change(
    param: Param,
    value: Any,  # noqa: ANN401
    generator: np.random.Generator,
    step: float,
) -> Any:  # noqa: ANN401
    if isinstance(param.domain, Choice):
        options = [option for option in param.domain.options if option != value]
        return options[generator.integers(len(options))]
    unit = to_random.to_unit(param.domain, value) + step * float(generator.normal())
    return to_random.draw(param.domain, float(np.clip(unit, 0.0, np.nextafter(1.0, 0.0))))
