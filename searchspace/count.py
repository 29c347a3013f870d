"""The exact number of configs in a space."""

from typing import Any

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space


def count(space: Space) -> int:
    """Count the points of a space of choices and whole numbers, with its conditions.

    Raises:
        ValueError: If a parameter is a real number.
    """
    parents = {param.when.param for param in space.params if param.when is not None}
    return _count(space, [param for param in space.params if param.name in parents], {})


def _count(space: Space, open_parents: list[Param], fixed: dict[str, Any]) -> int:
    """Count the points with fixed values of some parents, over all values of the open ones."""
    active = {param.name for param in space.active(fixed)}
    parent = next((param for param in open_parents if param.name in active), None)
    if parent is not None:
        rest = [param for param in open_parents if param is not parent]
        return sum(_count(space, rest, fixed | {parent.name: value}) for value in _values(parent))
    total = 1
    for param in space.active(fixed):
        total *= 1 if param.name in fixed else len(_values(param))
    return total


def _values(param: Param) -> tuple[Any, ...] | range:
    match param.domain:
        case Choice(options):
            return options
        case Int(low, high, _):
            return range(low, high + 1)
        case Float():
            raise ValueError(f"{param.name} is a real number: its values cannot be counted")
