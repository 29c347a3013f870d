"""The space of the RobMedNAS study: two families of U-Nets, and how they are trained [robmednas].

A block has 15 patterns x 6 numbers of filters x 5 ratios (none included) = 450 configurations; with
as many encoder as decoder blocks, 1 to 5, that makes 3.4e26 architectures (table 1).

The depth is drawn first: if architectures were uniform, it would be 5 with a probability of
0.999995. ``dec1`` is the partner of ``enc1`` and is computed last. So a name means the same
position in a network of any depth.

The other family is the plain U-Net of the field: its number of levels, its filters, their growth.
So what a search has to beat is a point of its space, and a search may begin around it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When
from searchspace.unet import RATIOS, Architecture, Block, PlainUNet, plain

PATTERNS = tuple(f"{bits:04b}" for bits in range(1, 16))
LEAST_LOG2 = 3  # 8 filters
MOST_FILTERS = 256  # of a level of a plain U-Net
SIDES = {"enc": "encoder", "dec": "decoder"}


BLOCKS, PLAIN = FAMILIES = ("blocks", "plain")
FAMILY = Param("family", Choice(FAMILIES), "The paper's blocks, or a plain U-Net's; paper: blocks.")
NORM = Param("norm", Choice(("batch", "instance")), "Normalisation of the maps; paper: batch.")
FULL_SKIP = Param(
    "full_skip",
    Choice((False, True)),
    "Skip connection at full resolution; paper: none.",
    when=When("family", (BLOCKS,)),
)
ATTACKED = When("regime", ("adversarial", "uniform"))
RECIPE = (
    Param("loss", Choice(("l1", "huber", "mse")), "Of a pixel; paper: mse."),
    Param("background", Float(0.01, 1.0, log=True), "Weight outside the head; paper: 1."),
    Param("lr", Float(3e-4, 2e-2, log=True), "Learning rate, or its peak; paper: 1e-4."),
    Param("weight_decay", Float(1e-6, 1e-1, log=True), "Of the weights; paper: none."),
    Param("schedule", Choice(("one-cycle", "constant")), "Of the rate; paper: constant."),
    Param("ema", Choice((0.0, 0.95, 0.99)), "Share of the weights' mean that stays; paper: 0."),
    Param("augment", Choice((True, False)), "Turn, scale, shift, gain, offset; paper: no."),
    Param(
        "augment_by",
        Float(0.25, 2.0, log=True),
        "Of these changes, as a multiple of the usual ranges.",
        when=When("augment", (True,)),
    ),
    Param(
        "artefacts",
        Choice((0.0, 0.5, 1.0)),
        "Change contrast, field, noise and resolution, as scanners differ; paper: 0.",
    ),
    Param(
        "mirrored",
        Choice((False, True)),
        "Predict the mean over a slice and its mirror image; paper: no.",
    ),
    Param(
        "slice_norm",
        Choice(("none", "whole", "tissue", "percentiles")),
        "Bring each slice to a scale of its own, inside the network; paper: none.",
    ),
    Param("batch_size", Int(2, 12, log=True), "Slices a step; paper: 6."),
    Param(
        "regime",
        Choice(("standard", "adversarial", "uniform")),
        "Clean slices, half attacked at one radius (paper), or all at radii from 0 up.",
    ),
    Param(
        "attack_eps",
        Float(0.02, 0.4, log=True),
        "Greatest radius of adversarial training; paper: 0.2.",
        unit="standard deviations of the MR",
        when=ATTACKED,
    ),
    Param("attack_steps", Int(1, 3), "Of its attack; paper: 1.", when=ATTACKED),
)
"""How a network is trained, for what is not fixed by the settings of a run."""


def space(max_filters: int = 256, max_depth: int = 5) -> Space:
    """Return the paper's space, or a smaller one.

    Args:
        max_filters: 16, 32, 64, 128 or 256; the least is 8.
        max_depth: 2 to 5.
    """
    depth = Param("depth", Int(1, max_depth), "Number of encoder blocks, and of decoder blocks.")
    blocks = [
        param
        for level in range(1, max_depth + 1)
        for side in SIDES
        for param in _block(side, level, max_filters, max_depth)
    ]
    return Space("robmednas", (depth, *blocks))


def wide_space(max_filters: int, max_depth: int, part: str) -> Space:
    """Return the paper's space with what it leaves out: more of the network, and the recipe.

    Args:
        max_filters: 16, 32, 64, 128 or 256; the least is 8.
        max_depth: 2 to 5.
        part: ``architecture``, ``recipe`` or ``both``.
    """
    blocks = When("family", (BLOCKS,))
    paper = [
        param if param.when else replace(param, when=blocks)
        for param in space(max_filters, max_depth).params
    ]
    network = (FAMILY, NORM, *_plain(max_filters, max_depth), FULL_SKIP, *paper)
    parts = {"architecture": network, "recipe": RECIPE, "both": (*RECIPE, *network)}
    return Space("robmednas", parts[part])


def to_network(point: Mapping[str, Any]) -> Architecture | PlainUNet:
    """Return the network of a point of either family."""
    if point.get("family", BLOCKS) == BLOCKS:
        return to_architecture(point)
    first, growth = point["first_filters"], point["growth"]
    widths = (round(first * growth**level) for level in range(point["levels"]))
    return PlainUNet(tuple(min(width, MOST_FILTERS) for width in widths))


def plain_point(max_filters: int, max_depth: int) -> dict[str, Any]:
    """Return the point of `searchspace.unet.plain`, in the space of so many filters and levels."""
    widths = plain(max_filters, max_depth).widths
    return {"family": PLAIN, "levels": len(widths), "first_filters": widths[0], "growth": 2.0}


def to_architecture(point: Mapping[str, Any]) -> Architecture:
    """Return the architecture of a point of the paper's blocks."""
    levels = range(1, point["depth"] + 1)
    encoder = tuple(_read(point, f"enc{level}") for level in levels)
    decoder = tuple(_read(point, f"dec{level}") for level in reversed(levels))
    return Architecture(encoder, decoder, point.get("full_skip", False))


def to_point(architecture: Architecture) -> dict[str, Any]:
    """Return the point of an architecture; the space may not contain it.

    Raises:
        ValueError: If a number of filters is not a power of two.
    """
    point: dict[str, Any] = {"depth": architecture.depth}
    sides = {"enc": architecture.encoder, "dec": architecture.decoder[::-1]}
    for level in range(1, architecture.depth + 1):
        for side, blocks in sides.items():
            block = blocks[level - 1]
            log2 = block.filters.bit_length() - 1
            if block.filters != 2**log2:
                raise ValueError(f"{block.filters} filters are no power of two")
            name = f"{side}{level}"
            point[f"{name}_pattern"] = block.pattern
            point[f"{name}_log2_filters"] = log2
            point[f"{name}_se"] = block.se
    return point


def _plain(max_filters: int, max_depth: int) -> tuple[Param, ...]:
    """Return the parameters of a plain U-Net, around those of `searchspace.unet.plain`."""
    chosen, widths = When("family", (PLAIN,)), plain(max_filters, max_depth).widths
    most = min(len(widths) + 1, max_depth + 1)
    return (
        Param("levels", Int(len(widths) - 1, most), "Resolutions, the full one too.", when=chosen),
        Param(
            "first_filters",
            Int(widths[0] // 2, 2 * widths[0], log=True),
            "Filters at full resolution.",
            when=chosen,
        ),
        Param("growth", Float(1.5, 2.5), "Of the filters from level to level.", when=chosen),
    )


def _block(side: str, level: int, max_filters: int, max_depth: int) -> tuple[Param, ...]:
    name, title = f"{side}{level}", f"{SIDES[side]} block {level}"
    deep_enough = tuple(range(level, max_depth + 1))
    when = When("depth", deep_enough) if level > 1 else None
    max_log2 = max_filters.bit_length() - 1
    return (
        Param(f"{name}_pattern", Choice(PATTERNS), f"Branches A1 to A4 of {title}.", when=when),
        Param(
            f"{name}_log2_filters",
            Int(LEAST_LOG2, max_log2),
            f"Filters of {title}, as a power of two: an estimator then knows their order.",
            when=when,
        ),
        Param(
            f"{name}_se",
            Choice((0, *RATIOS)),
            f"Reduction ratio of squeeze-and-excitation of {title}; 0 for none.",
            when=when,
        ),
    )


def _read(point: Mapping[str, Any], name: str) -> Block:
    return Block(point[f"{name}_pattern"], 2 ** point[f"{name}_log2_filters"], point[f"{name}_se"])


SPACE = space()
