"""Networks as points of a space, and the way back from a point to its row of the table."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from search.simulation.tables import cell
from searchspace.domains import Choice, Value
from searchspace.errors import UserError
from searchspace.space import Param, Space
from trainables.study.study import Config

SPARSE = 50  # most combinations for each network of a table: with more a search would find none


@final
@dataclass(frozen=True)
class Networks:
    """The networks of a table.

    Attributes:
        space: Whose points they are.
        points: The network of each row, as a point of the space.
        rows: Row of each network, by its key.
        key: Maps a point to a text that all points of the same network share.
    """

    space: Space
    points: tuple[dict[str, Any], ...]
    rows: Mapping[str, int]
    key: Callable[[Config], str]

    def row(self, point: Config) -> int | None:
        """Return the row of a point's network; None where the table lacks it."""
        return self.rows.get(self.key(point))

    def canonical(self, point: Config) -> Config:
        """Return the point that stands for all that mean the same: the one of the table."""
        row = self.row(point)
        return point if row is None else self.points[row]


def read_networks(archs: Sequence[str]) -> Networks:
    """Make points of the texts in a table: cells of NAS-Bench-201, or ``name=value,...``.

    Raises:
        UserError: If a text is in another form than the first, or two rows are the same network.
    """
    if cell.parse(archs[0]) is not None:
        points, space, key = _cells(archs)
    else:
        points, space, key = _pairs(archs)
    rows: dict[str, int] = {}
    for row, point in enumerate(points):
        earlier = rows.setdefault(key(point), row)
        if earlier != row:
            raise UserError(
                f"rows {earlier + 1} and {row + 1} of the table are the same network, "
                f"'{archs[row]}': keep one"
            )
    return Networks(space, tuple(points), rows, key)


Content = tuple[list[dict[str, Any]], Space, Callable[[Config], str]]


def _cells(archs: Sequence[str]) -> Content:
    points = []
    for row, text in enumerate(archs, start=1):
        operations = cell.parse(text)
        if operations is None:
            raise UserError(
                f"arch is '{text}' in row {row}, but a cell of NAS-Bench-201 in row 1: "
                "write all in one form"
            )
        points.append(dict(zip(cell.EDGES, operations, strict=True)))
    return points, cell.space(), lambda point: cell.key(tuple(point[e] for e in cell.EDGES))


def _pairs(archs: Sequence[str]) -> Content:
    points = [_pair_values(text, row) for row, text in enumerate(archs, start=1)]
    names = list(points[0])
    for row, point in enumerate(points, start=1):
        if list(point) != names:
            raise UserError(
                f"arch has {', '.join(point)} in row {row}, but {', '.join(names)} in row 1: "
                "name the same in the same order"
            )
    options = {name: list(dict.fromkeys(point[name] for point in points)) for name in names}
    choices = [name for name in names if len(options[name]) > 1]
    if not choices:
        raise UserError("the table has one network only: there is nothing to search")
    params = (Param(name, Choice(_sort(options[name])), "as in the table") for name in choices)
    points = [{name: point[name] for name in choices} for point in points]
    combinations = math.prod(len(options[name]) for name in choices)
    if combinations > SPARSE * len(points):
        raise UserError(
            f"the table has {len(points)} of {combinations} combinations of {', '.join(choices)}: "
            f"give at least one in {SPARSE}, samplers propose the others as well"
        )
    return (
        points,
        Space("table", tuple(params)),
        lambda point: ",".join(f"{name}={point[name]}" for name in choices),
    )


def _pair_values(text: str, row: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in text.split(","):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (equals and value and name.isidentifier()) or name in values:
            raise UserError(
                f"arch is '{text}' in row {row}: write a cell of NAS-Bench-201 such as "
                f"'{cell.write(cell.OPERATIONS[:1] * len(cell.EDGES))}', or 'depth=3,act=relu'"
            )
        values[name] = value
    return values


def _sort(options: Sequence[Value]) -> tuple[Value, ...]:
    """Sort the options, so that the order of rows does not matter."""
    return tuple(sorted(options, key=str))
