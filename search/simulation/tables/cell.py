"""Cells of NAS-Bench-201: six edges among four nodes, each with one of five operations.

A cell is written ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``: for each node after the first its edges,
``op~i`` being the operation on what node i holds. A node holds the sum of its edges; the first
holds the input, the last is the output.
"""

import re
from itertools import product

from searchspace.domains import Choice
from searchspace.space import Param, Space

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SOURCES = ((0,), (0, 1), (0, 1, 2))  # of the edges into each node after the first
EDGES = tuple(f"edge_{i}_{j}" for j, sources in enumerate(SOURCES, 1) for i in sources)
ZERO, INPUT = "#", "0"
Cell = tuple[str, ...]

_EDGE = f"({'|'.join(OPERATIONS)})~"
_CELL = re.compile(
    r"\+".join(r"\|" + "".join(rf"{_EDGE}{i}\|" for i in sources) for sources in SOURCES)
)


def parse(text: str) -> Cell | None:
    """Read the six operations in the order of `EDGES`; return None if the text is no cell."""
    match = _CELL.fullmatch(text)
    return match.groups() if match else None


def write(cell: Cell) -> str:
    """Write a cell as `parse` reads it."""
    operations = iter(cell)
    nodes = ("".join(f"{next(operations)}~{i}|" for i in sources) for sources in SOURCES)
    return "+".join(f"|{node}" for node in nodes)


def every_cell() -> list[Cell]:
    """List all 15,625 encodings."""
    return list(product(OPERATIONS, repeat=len(EDGES)))


def space() -> Space:
    """Return the space of cells: a choice of operation for each edge."""
    params = (Param(name, Choice(OPERATIONS), "operation on this edge") for name in EDGES)
    return Space("nasbench201", tuple(params))


def key(cell: Cell) -> str:
    """Return a text that encodings of the same network share.

    It is built from the input on. An edge is zero if it has no operation or starts at a node that
    is zero; a skip is its node; any further edge is its operation, applied to its node. A node is
    the sorted sum of its edges.

    NAS-Bench-201 distinguishes networks in this way: its 6466 networks are the values of this key.
    Networks that differ never share a key, but some that are the same have several: dropping zeros
    from sums, and merging a skipped sum into the sum that it is part of, would leave 4930. The
    benchmark trained these repeats separately, and they score differently, so they count as
    different networks here.
    """
    operations, nodes = iter(cell), [INPUT]
    for sources in SOURCES:
        terms = sorted(_term(next(operations), nodes[i]) for i in sources)
        nodes.append("+".join(terms))
    return nodes[-1]


def _term(operation: str, node: str) -> str:
    if operation == "none" or node == ZERO:
        return ZERO
    return node if operation == "skip_connect" else f"({node}){operation}"
