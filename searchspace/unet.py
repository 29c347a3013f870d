"""U-Nets as text and numbers: the configurable one [robmednas, figures 1 and 2], and a plain one.

An architecture is written in one line: encoder blocks from the image down, a bar, decoder blocks in
the order of computation. A block is written as its branches, its number of filters and, with
squeeze-and-excitation, the ratio: ``1110x128s16 0110x256 | 0111x8s8 0010x8s4``. A second bar and
``full`` add a skip connection at full resolution, which the paper's networks lack.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from searchspace.errors import UserError
from searchspace.names import lookup

Branch = tuple[tuple[int, int], ...]
"""Kernels (height, width) of convolutions, one after the other."""

# The paper does not define its branches; each preset is one interpretation.
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
STRIDED = (4, 4)  # kernel of the encoder's convolution with stride 2
FULL = "full"
EXAMPLE = "1110x16s4 0100x32 | 0110x16 1000x8s2"
BLOCK = re.compile(r"([01]{4})x([0-9]+)(?:s([0-9]+))?")

PLAIN = "plain"
PLAIN_TEXT = re.compile(rf"{PLAIN}((?: +[0-9]+)+)")
LEAST_LEVELS, MOST_LEVELS = 2, 6
NORMS = ("batch", "instance")
MONAI = "monai"
MONAI_TEXTS = ("monai unet", "monai basicunet", "monai attentionunet", "monai segresnet")

# Table 4. Its first decoder block is taken as the first that is computed; the paper is unclear.
PAPER_BEST = (
    "1110x128s16 0110x256s4 0111x64 1110x128s8 0010x256 | "
    "0111x8s8 0001x128s8 1100x64s8 0010x128 0010x8s4"
)


@final
@dataclass(frozen=True)
class Block:
    """A configurable block.

    Attributes:
        pattern: Which of the branches A1 to A4 exist, such as ``1110``; at least one.
        filters: Of every convolution in the block, at least 1.
        se: Reduction ratio of squeeze-and-excitation, 2, 4, 8 or 16; 0 for none.

    Raises:
        UserError: If a value is not as described.
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
        """Return the branches of the block, for a key of `KERNELS`."""
        branches = zip(lookup(KERNELS, kernels, "kernels"), self.pattern, strict=True)
        return tuple(branch for branch, bit in branches if bit == "1")

    @property
    def squeezed(self) -> int:
        """Width of squeeze-and-excitation, at least 1; 0 for none."""
        return max(1, self.filters // self.se) if self.se else 0


@final
@dataclass(frozen=True)
class Architecture:
    """A U-Net with 1 to 5 encoder blocks and as many decoder blocks.

    Attributes:
        encoder: From the image down; each block halves the resolution.
        decoder: In the order of computation, from the deepest up.
        full_skip: Whether what the first encoder block merges, before it halves the resolution, is
            joined to the output of the last decoder block by a 3x3 convolution.

    Raises:
        UserError: If there are no blocks, more than 5, or their numbers differ.
    """

    encoder: tuple[Block, ...]
    decoder: tuple[Block, ...]
    full_skip: bool = False

    def __post_init__(self) -> None:
        if len(self.encoder) != len(self.decoder) or not 1 <= self.depth <= MOST_BLOCKS:
            raise UserError(
                f"an architecture of {self.depth} encoder and {len(self.decoder)} decoder blocks: "
                f"give 1 to {MOST_BLOCKS}, and as many of both"
            )

    @property
    def depth(self) -> int:
        """Number of encoder blocks, each of which halves the resolution."""
        return len(self.encoder)

    def __str__(self) -> str:
        sides = [" ".join(map(str, side)) for side in (self.encoder, self.decoder)]
        return " | ".join([*sides, FULL] if self.full_skip else sides)

    @property
    def inputs(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Input channels of each block of encoder and decoder, in order; the image has one.

        The deepest decoder block takes the output of the deepest encoder block. Each further one
        takes the output of the block before it, concatenated with the output of the encoder block
        of its resolution.
        """
        outputs = [block.filters for block in self.encoder]
        skips = zip(self.decoder, outputs[-2::-1], strict=False)
        concatenations = [block.filters + skip for block, skip in skips]
        return (1, *outputs[:-1]), (outputs[-1], *concatenations)


def parse(text: str) -> Architecture:
    """Read an architecture from its line; white space may vary.

    Raises:
        UserError: If the line is not as described; the message has the wrong part and an example.

    Example:
        >>> parse("1110x16s4 0100x32 | 0110x16 1000x8s2").depth
        2
    """
    sides = text.split("|")
    full_skip = len(sides) == 3 and sides[2].strip() == FULL
    if full_skip:
        sides = sides[:2]
    if len(sides) != 2:
        raise UserError(
            f"architecture '{text.strip()}' has {len(sides) - 1} bars, expected one between "
            f"encoder and decoder: write it like {EXAMPLE}"
        )
    encoder, decoder = (tuple(_parse_block(piece) for piece in side.split()) for side in sides)
    return Architecture(encoder, decoder, full_skip)


def handcrafted(max_filters: int, depth: int) -> Architecture:
    """Return a baseline by hand: all branches, numbers of filters that double, no SE.

    The paper's baseline is the U-Net with Inception-like blocks of Massa et al., to which we had no
    access.

    Args:
        max_filters: Greatest number of filters. The first block has a sixteenth of it, and at
            least 8.
        depth: 1 to 5.
    """
    first = max(LEAST_FILTERS, max_filters // 16)
    side = tuple(Block("1111", min(first * 2**level, max_filters)) for level in range(depth))
    return Architecture(side, side[::-1])


@dataclass(frozen=True)
class Cost:
    """The cost of a network, computed from its architecture.

    Attributes:
        parameters: Numbers that are trained, including those of batch normalisation.
        multiply_adds: Of convolutions and the layers of squeeze-and-excitation, for one image.
        activations: Outputs of convolutions, normalisations, rectifiers, up-sampling,
            concatenations and squeeze-and-excitation for one image: an upper bound of what
            training stores for the backward pass.
    """

    parameters: int
    multiply_adds: int
    activations: int

    def __add__(self, term: "Cost") -> "Cost":
        return Cost(
            self.parameters + term.parameters,
            self.multiply_adds + term.multiply_adds,
            self.activations + term.activations,
        )


def cost(
    architecture: Architecture, kernels: str, height: int, width: int, channels: int = 1
) -> Cost:
    """Predict the cost of a network for images (channels, height, width).

    Args:
        architecture: The network.
        kernels: A key of `KERNELS`.
        height: In pixels, a multiple of 2 to the power of the depth.
        width: In pixels, likewise.
        channels: Of the image.

    Raises:
        UserError: If ``kernels`` is not a key.
    """
    total, pixels = Cost(0, 0, 0), height * width
    (_, *encoder), decoder = architecture.inputs
    blocks = zip(architecture.encoder, (channels, *encoder), strict=True)
    for level, (block, entering) in enumerate(blocks):
        area = pixels // 4**level
        total += _block(block, kernels, entering, area, area // 4, STRIDED)
    for number, (block, entering) in enumerate(zip(architecture.decoder, decoder, strict=True)):
        area = pixels // 4 ** (architecture.depth - number)
        concatenation = Cost(0, 0, entering * area if number else 0)
        total += concatenation + _block(block, kernels, entering, area, 4 * area, None)
    last = architecture.decoder[-1].filters
    if architecture.full_skip:
        joined = last + architecture.encoder[0].filters
        total += Cost(0, 0, joined * pixels) + _convolution(joined, last, (3, 3), pixels)
    return total + Cost(last + 1, last * pixels, pixels)


@final
@dataclass(frozen=True)
class PlainUNet:
    """A U-Net as the field writes it: two residual convolutions a level, skips at every resolution.

    Attributes:
        widths: Filters of each level, from the full resolution down, 2 to 6 levels.

    Raises:
        UserError: If the widths are not as described.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if not LEAST_LEVELS <= len(self.widths) <= MOST_LEVELS or min(self.widths) < 1:
            raise UserError(
                f"a plain U-Net of widths {self.widths}: give {LEAST_LEVELS} to {MOST_LEVELS} "
                f"numbers from 1, such as {PLAIN} 16 32 64 128"
            )

    def __str__(self) -> str:
        return " ".join([PLAIN, *map(str, self.widths)])

    @property
    def depth(self) -> int:
        """How often the resolution is halved."""
        return len(self.widths) - 1

    def blocks(self, channels: int = 1) -> tuple[tuple[int, int, int], ...]:
        """Input channels, filters and level of each block, in the order of computation."""
        down = zip((channels, *self.widths), self.widths, range(len(self.widths)), strict=False)
        up = ((self.widths[k] + self.widths[k + 1], self.widths[k], k) for k in range(self.depth))
        return (*down, *reversed(list(up)))


@final
@dataclass(frozen=True)
class NamedNetwork:
    """A network that has a name in place of blocks; what it costs is measured, not predicted here.

    Attributes:
        text: One of `MONAI_TEXTS`, or code of the user's own, ``module:Name``.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def own(self) -> bool:
        """Whether it is code of the user's own."""
        return self.text not in MONAI_TEXTS


Network = Architecture | PlainUNet | NamedNetwork


def parse_network(text: str) -> Network:
    """Read a network from its line; white space may vary.

    Raises:
        UserError: If the line is neither; the message has the wrong part and an example.

    Example:
        >>> parse_network("plain 16 32 64 128").depth
        3
    """
    words = " ".join(text.split())
    if words.split(" ")[0] == MONAI:
        lookup(dict.fromkeys(MONAI_TEXTS), words, "network")
        return NamedNetwork(words)
    if ":" in words:
        return NamedNetwork(words)
    if words.split(" ")[0] != PLAIN:
        return parse(text)
    match = PLAIN_TEXT.fullmatch(words)
    if match is None:
        raise UserError(f"network '{words}' does not read: write it like {PLAIN} 16 32 64 128")
    return PlainUNet(tuple(int(width) for width in match.group(1).split()))


def plain(max_filters: int, max_depth: int = MOST_BLOCKS) -> PlainUNet:
    """Return the plain U-Net of a run: 16, 32, 64 and 128 filters, half a million parameters.

    Args:
        max_filters: Where a block has at most 16 filters, it is half as wide.
        max_depth: Where the resolution is halved at most twice, it has a level less.
    """
    first = min(16, max_filters // 2)
    return PlainUNet(tuple(first * 2**level for level in range(min(4, max_depth + 1))))


def cost_of(network: Architecture | PlainUNet, kernels: str, size: int, channels: int = 1) -> Cost:
    """Predict the cost of a network for images (channels, size, size).

    Args:
        network: The network.
        kernels: Of the branches of a configurable one, a key of `searchspace.unet.KERNELS`.
        size: In pixels.
        channels: Of the image.
    """
    if isinstance(network, Architecture):
        return cost(network, kernels, size, size, channels)
    total = Cost(0, 0, 0)
    for entering, filters, level in network.blocks(channels):
        pixels = size * size // 4**level
        shortcut = entering * filters if entering != filters else 0
        weights = 9 * entering * filters + 9 * filters * filters + shortcut
        # Of eight maps: two convolutions, two normalisations, two rectifiers, shortcut, sum.
        total += Cost(weights + 4 * filters, weights * pixels, (8 * filters + entering) * pixels)
    first = network.widths[0]
    return total + Cost(first + 1, first * size * size, size * size)


def _block(
    block: Block,
    kernels: str,
    channels: int,
    pixels: int,
    outputs: int,
    strided: tuple[int, int] | None,
) -> Cost:
    """Compute the cost of a block with so many pixels as input and as output."""
    filters, total = block.filters, Cost(0, 0, 0)
    branches = block.branches(kernels)
    for branch in branches:
        for number, kernel in enumerate(branch):
            total += _convolution(filters if number else channels, filters, kernel, pixels)
    width = filters * len(branches)
    total += Cost(0, 0, width * pixels) + _convolution(width, filters, (1, 1), pixels)
    if strided is None:
        total += Cost(0, 0, filters * outputs)
    else:
        total += _convolution(filters, filters, strided, outputs)
    total += _convolution(filters, filters, (3, 3), outputs)
    if block.se:
        weights = 2 * filters * block.squeezed
        biases = filters + block.squeezed
        total += Cost(weights + biases, weights, filters * outputs + 3 * biases)
    return total


def _convolution(channels: int, filters: int, kernel: tuple[int, int], pixels: int) -> Cost:
    """Compute the cost of a convolution without bias, its normalisation and rectifier."""
    weights = channels * filters * kernel[0] * kernel[1]
    return Cost(weights + 2 * filters, weights * pixels, 3 * filters * pixels)


def _parse_block(piece: str) -> Block:
    match = BLOCK.fullmatch(piece)
    if match is None:
        raise UserError(f"block '{piece}' does not read: write an architecture like {EXAMPLE}")
    pattern, filters, ratio = match.groups()
    if ratio == "0":
        raise UserError(f"block '{piece}' has a ratio of 0: leave s0 out")
    return Block(pattern, int(filters), int(ratio or 0))
