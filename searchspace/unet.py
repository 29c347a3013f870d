"""What a configurable U-Net is, without building it [robmednas, figures 1 and 2].

An architecture is written in one line: encoder blocks from the image down, a bar, decoder blocks in
the order of computation. A block is its switches, its filters and, where it has
squeeze-and-excitation, the ratio: ``1110x128s16 0110x256 | 0111x8s8 0010x8s4``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from searchspace.errors import UserError
from searchspace.names import lookup

Branch = tuple[tuple[int, int], ...]
"""Kernels (height, width) of convolutions, one after the other."""

# The paper does not name its branches: each preset is a reading of it.
KERNELS: Mapping[str, tuple[Branch, Branch, Branch, Branch]] = {
    "square": (((1, 1),), ((3, 3),), ((5, 5),), ((7, 7),)),
    "inception": (
        ((1, 1),),
        ((1, 1), (3, 3)),
        ((1, 1), (3, 3), (3, 3)),
        ((1, 7), (7, 1)),
    ),
}
RATIOS = (2, 4, 8, 16)
MOST_BLOCKS = 5
LEAST_FILTERS = 8
STRIDED = (4, 4)  # kernel of the encoder's convolution of stride 2
EXAMPLE = "1110x16s4 0100x32 | 0110x16 1000x8s2"
BLOCK = re.compile(r"([01]{4})x([0-9]+)(?:s([0-9]+))?")

# Table 4. Its first decoder block is read as the first that is computed; the paper does not say.
PAPER_BEST = (
    "1110x128s16 0110x256s4 0111x64 1110x128s8 0010x256 | "
    "0111x8s8 0001x128s8 1100x64s8 0010x128 0010x8s4"
)


@final
@dataclass(frozen=True)
class Block:
    """A configurable block.

    Attributes:
        pattern: Which of the branches A1 to A4 there are, such as ``1110``; at least one.
        filters: Of every convolution in the block, at least 1.
        se: Reduction ratio of squeeze-and-excitation, 2, 4, 8 or 16; 0 for none.

    Raises:
        UserError: If one of them is something else.
    """

    pattern: str
    filters: int
    se: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch("[01]{4}", self.pattern) or self.pattern == "0000":
            raise UserError(f"pattern '{self.pattern}' is not four of 0 and 1 with at least one 1")
        if self.filters < 1:
            raise UserError(f"a block of {self.filters} filters: give 1 or more")
        if self.se not in {0, *RATIOS}:
            raise UserError(f"reduction ratio {self.se}: choose 2, 4, 8 or 16, or leave it out")

    def __str__(self) -> str:
        return f"{self.pattern}x{self.filters}" + (f"s{self.se}" if self.se else "")

    def branches(self, kernels: str) -> tuple[Branch, ...]:
        """Return the branches that are there."""
        known = lookup(KERNELS, kernels, "kernels")
        return tuple(branch for branch, bit in zip(known, self.pattern, strict=True) if bit == "1")

    @property
    def squeezed(self) -> int:
        """Width of squeeze-and-excitation, at least 1; 0 without."""
        return max(1, self.filters // self.se) if self.se else 0


@final
@dataclass(frozen=True)
class Architecture:
    """A U-Net of 1 to 5 blocks a side.

    Attributes:
        encoder: From the image down; block i halves the resolution.
        decoder: In the order of computation, from the deepest up; as many.

    Raises:
        UserError: If there are none, more than 5, or not as many on both sides.
    """

    encoder: tuple[Block, ...]
    decoder: tuple[Block, ...]

    def __post_init__(self) -> None:
        if len(self.encoder) != len(self.decoder) or not 1 <= self.depth <= MOST_BLOCKS:
            raise UserError(
                f"an architecture of {self.depth} encoder and {len(self.decoder)} decoder blocks: "
                f"give 1 to {MOST_BLOCKS}, and as many of both"
            )

    @property
    def depth(self) -> int:
        """How often the resolution is halved."""
        return len(self.encoder)

    def __str__(self) -> str:
        return " | ".join(" ".join(map(str, side)) for side in (self.encoder, self.decoder))

    @property
    def inputs(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Channels that enter each block of encoder and decoder, in order; the image has one.

        The deepest decoder block takes the deepest encoder block's output; each further one takes
        that of the block before it beside the output of the encoder block of its resolution.
        """
        out = [block.filters for block in self.encoder]
        skips = out[-2::-1]
        joined = [block.filters + skip for block, skip in zip(self.decoder, skips, strict=False)]
        return (1, *out[:-1]), (out[-1], *joined)


def parse(text: str) -> Architecture:
    """Read an architecture from its line; any white space will do.

    Raises:
        UserError: With the piece that does not read, and an example.
    """
    sides = text.split("|")
    if len(sides) != 2:
        raise UserError(
            f"architecture '{text.strip()}' has {len(sides) - 1} bars, expected one between "
            f"encoder and decoder: write it like {EXAMPLE}"
        )
    encoder, decoder = (tuple(_parse_block(piece) for piece in side.split()) for side in sides)
    return Architecture(encoder, decoder)


def handcrafted(max_filters: int, depth: int) -> Architecture:
    """Return the baseline that a person would draw: all branches, filters that double, no SE.

    The paper's is the U-Net with Inception-like blocks of Massa et al., which could not be read.

    Args:
        max_filters: Where doubling ends; it begins at a sixteenth of it, but at least at 8.
        depth: 1 to 5.
    """
    first = max(LEAST_FILTERS, max_filters // 16)
    side = tuple(Block("1111", min(first * 2**level, max_filters)) for level in range(depth))
    return Architecture(side, side[::-1])


@dataclass(frozen=True)
class Cost:
    """What a network costs, by arithmetic.

    Attributes:
        parameters: Trained numbers, those of batch normalisation included.
        multiply_adds: Of convolutions and the layers of squeeze-and-excitation, for one image.
        activations: Outputs of convolutions, normalisations, rectifiers, up-sampling,
            concatenations and squeeze-and-excitation for one image: an upper bound of what training
            keeps for the backward pass.
    """

    parameters: int
    multiply_adds: int
    activations: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.parameters + other.parameters,
            self.multiply_adds + other.multiply_adds,
            self.activations + other.activations,
        )


def cost(architecture: Architecture, kernels: str, height: int, width: int) -> Cost:
    """Predict what a network costs for images (1, height, width)."""
    total, pixels = Cost(0, 0, 0), height * width
    encoder, decoder = architecture.inputs
    for level, (block, channels) in enumerate(zip(architecture.encoder, encoder, strict=True)):
        before = pixels // 4**level
        total += _block(block, kernels, channels, before, before // 4, STRIDED)
    for number, (block, channels) in enumerate(zip(architecture.decoder, decoder, strict=True)):
        before = pixels // 4 ** (architecture.depth - number)
        joined = Cost(0, 0, channels * before if number else 0)
        total += joined + _block(block, kernels, channels, before, 4 * before, None)
    last = architecture.decoder[-1].filters
    return total + Cost(last + 1, last * pixels, pixels)


def _block(
    block: Block,
    kernels: str,
    channels: int,
    before: int,
    after: int,
    strided: tuple[int, int] | None,
) -> Cost:
    """Cost of a block that turns ``before`` pixels into ``after``."""
    filters, total = block.filters, Cost(0, 0, 0)
    branches = block.branches(kernels)
    for branch in branches:
        entering = channels
        for kernel in branch:
            total += _convolution(entering, filters, kernel, before)
            entering = filters
    joined = filters * len(branches)
    total += Cost(0, 0, joined * before) + _convolution(joined, filters, (1, 1), before)
    if strided is None:
        total += Cost(0, 0, filters * after)
    else:
        total += _convolution(filters, filters, strided, after)
    total += _convolution(filters, filters, (3, 3), after)
    if block.se:
        weights = 2 * filters * block.squeezed
        own = filters + block.squeezed
        total += Cost(weights + own, weights, filters * after + 3 * own)
    return total


def _convolution(channels: int, filters: int, kernel: tuple[int, int], pixels: int) -> Cost:
    """Cost of a convolution without bias, its normalisation and rectifier."""
    weights = channels * filters * kernel[0] * kernel[1]
    return Cost(weights + 2 * filters, weights * pixels, 3 * filters * pixels)


def _parse_block(piece: str) -> Block:
    found = BLOCK.fullmatch(piece)
    if found is None:
        raise UserError(f"block '{piece}' does not read: write an architecture like {EXAMPLE}")
    pattern, filters, ratio = found.groups()
    if ratio == "0":
        raise UserError(f"block '{piece}' has a ratio of 0: leave s0 out")
    return Block(pattern, int(filters), int(ratio or 0))
