"""An architecture as a picture: a U of blocks, one row for each time the resolution is halved."""

import math
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from analysis.figures.style import COLOURS, INK, MUTED, styled
from searchspace.names import lookup
from searchspace.unet import KERNELS, Architecture, Block, Branch, cost

# All lengths are in inches, which are the units of the axes.
WIDTH, ROW, BLOCK_HEIGHT, CELL = 7.2, 0.86, 0.54, 0.15
ABOVE, BELOW = 0.88, 0.98  # of the first row's middle: title and image; of the last one's: the key
SIDES = {"enc": 1.85, "dec": 5.35}  # middles of the two columns
WIDEST = 2.7
PALE = {"enc": "#dcebf5", "dec": "#d9f0e8"}
EDGE = {"enc": COLOURS[1], "dec": COLOURS[2]}
SE = COLOURS[4]
SMALL = 7.5  # points
KEY = (
    "Cells: the branches, filled where present. Number: filters; the wider the block, the more.\n"
    "SE: squeeze-and-excitation and its ratio. Dashed: skip connection, with its resolution."
)


def draw(architecture: Architecture, kernels: str = "square") -> Figure:
    """Draw an architecture, encoder on the left and decoder on the right [robmednas, figure 2].

    A block stands beside its partner of the same resolution; each part has a name (``gid``) that an
    SVG keeps: ``enc1``, ``enc1_A1`` to ``enc1_A4``, ``enc1_filters``, ``enc1_SE``, ``skip1``.

    Args:
        architecture: What to draw.
        kernels: What the branches are, a name of `searchspace.unet.KERNELS`.

    Raises:
        UserError: If there are no such kernels.
    """
    branches = lookup(KERNELS, kernels, "kernels")
    depth = architecture.depth
    height = ABOVE + ROW * (depth - 1) + BELOW
    rows = [height - ABOVE - ROW * level for level in range(depth)]
    with styled():
        canvas = Figure(figsize=(WIDTH, height))
        ax = canvas.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, WIDTH), ylim=(0, height))
        ax.set_axis_off()
        # The number of parameters is the same for images of any size.
        parameters = cost(architecture, kernels, 1, 1).parameters
        title = f"Depth {depth}, {parameters:,} parameters"
        ax.text(WIDTH / 2, height - 0.12, title, ha="center", va="top", weight="bold", fontsize=9.5)
        blocks = {"enc": architecture.encoder, "dec": architecture.decoder[::-1]}
        for side, of_side in blocks.items():
            for level, (block, y) in enumerate(zip(of_side, rows, strict=True), 1):
                _draw_block(ax, block, f"{side}{level}", SIDES[side], y)
        _draw_paths(ax, architecture, rows)
        ax.text(WIDTH / 2, 0.1, f"{_name(branches)}\n{KEY}", fontsize=SMALL, ha="center", gid="key")
    return canvas


def _draw_block(ax: Axes, block: Block, name: str, x: float, y: float) -> None:
    """Draw a block around (x, y): filters and SE above, the four switches below."""
    width, side = _width(block), name[:3]
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - BLOCK_HEIGHT / 2),
            width,
            BLOCK_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=PALE[side],
            edgecolor=EDGE[side],
            gid=name,
        )
    )
    middle = y + 0.12
    shift = -0.09 if block.se else 0.0
    alignment = "right" if block.se else "center"
    style: dict[str, Any] = {"va": "center_baseline", "fontsize": 9.5, "weight": "bold"}
    ax.text(x + shift, middle, str(block.filters), ha=alignment, gid=f"{name}_filters", **style)
    if block.se:
        badge = {"boxstyle": "round,pad=0.2", "facecolor": SE, "edgecolor": "none"}
        style = {"va": "center_baseline", "fontsize": SMALL, "bbox": badge}
        ax.text(x + 0.05, middle, f"SE {block.se}", ha="left", gid=f"{name}_SE", **style)
    for number, switch in enumerate(block.pattern):
        ax.add_patch(
            Rectangle(
                (x + 1.25 * CELL * (number - 2) + 0.125 * CELL, y - 0.2),
                CELL,
                CELL,
                facecolor=INK if switch == "1" else "white",
                edgecolor=INK,
                linewidth=0.8,
                gid=f"{name}_A{number + 1}",
            )
        )


def _draw_paths(ax: Axes, architecture: Architecture, rows: list[float]) -> None:
    """Draw the way from the image down, across and up, and the skip connections."""
    down, up = SIDES["enc"], SIDES["dec"]
    half, top = BLOCK_HEIGHT / 2, rows[0] + ROW - BLOCK_HEIGHT / 2
    for above, below in pairwise([top + half, *rows]):
        _arrow(ax, (down, above - half), (down, below + half))
        _arrow(ax, (up, below + half), (up, above - half))
    ax.text(down, top, "MR", ha="center", va="bottom")
    ax.text(up, top, "1x1, CT", ha="center", va="bottom")
    partners = zip(architecture.encoder, architecture.decoder[::-1], rows, strict=True)
    for level, (left, right, y) in enumerate(partners, 1):
        start, end = down + _width(left) / 2, up - _width(right) / 2
        skips = level < architecture.depth
        _arrow(ax, (start, y), (end, y), f"skip{level}" if skips else "bottom")
        text: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": SMALL, "color": MUTED}
        ax.text((start + end) / 2, y + 0.04, f"1/{2**level}", **text)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], name: str = "path"
) -> None:
    skips = name.startswith("skip")
    colour, line = (MUTED, (0, (4, 2))) if skips else (INK, "-")
    shape = {"arrowstyle": "-|>", "color": colour, "linestyle": line, "linewidth": 1.0}
    shape |= {"shrinkA": 1, "shrinkB": 1, "mutation_scale": 9}
    ax.annotate("", end, start, arrowprops=shape, gid=name)


def _width(block: Block) -> float:
    return min(0.95 + 0.17 * math.log2(block.filters), WIDEST)


def _name(branches: tuple[Branch, ...]) -> str:
    """Write what the cells stand for, such as ``A1: 1x1   A2: 1x1→3x3``."""
    chains = ("→".join(f"{height}x{width}" for height, width in branch) for branch in branches)
    return "   ".join(f"A{number}: {chain}" for number, chain in enumerate(chains, 1))
