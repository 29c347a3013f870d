"""Find all pairs of images that are near copies of one another, among many thousands.

Two images are near copies where the root mean square of their difference is below .03 (of the range
of pixels) and the correlation of their pixels is above .98, or where they are equal. Both bounds
hold for images and volumes alike. The search misses no pair:

1. The means of near images differ by less than .03. So images are sorted by their mean, and each is
   compared with those that follow within that distance.
2. Of every image, centred and scaled to length 1, the means over some 256 blocks are computed. That
   is an orthogonal projection, which brings any two images nearer. So pairs that are too far apart
   there are left out: the work is matrix products of 256 columns, block by block.
3. The pairs that remain are decided on all pixels, in whole numbers, alike on every machine.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats32, Floats64, Mask

RMS = 0.03  # of the range of pixels, [0, 1]
CORRELATION = 0.98
COLUMNS = 256  # of the screen
ROWS = 2048  # images of one block of the screen
BYTES = 2**22  # of the pixels that are compared at a time: what a cache holds
SLACK = 1e-4  # for the rounding of the screen, in squared lengths of unit vectors and in means

Numbers = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Selection:
    """Some images of several arrays, which are not copied: the arrays may fill half of the memory.

    Attributes:
        parts: uint8, each (N, ..., C), alike but for N.
        numbers: Of the chosen images, counted through all parts.
    """

    parts: Sequence[Pixels]
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image."""
        return self.parts[0].shape[1:]

    @property
    def size(self) -> int:
        """The number of values of an image."""
        return math.prod(self.shape)

    def take(self, rows: Numbers) -> Floats64:
        """Read chosen images by their place in ``numbers``, (M, values of an image)."""
        numbers, pixels = self.numbers[rows], np.empty((len(rows), *self.shape))
        start = 0
        for part in self.parts:
            inside = (numbers >= start) & (numbers < start + len(part))
            pixels[inside] = part[numbers[inside] - start]
            start += len(part)
        return pixels.reshape(len(rows), -1)

    def chunks(self) -> Iterator[tuple[slice, Floats64]]:
        """Read all chosen images, some at a time, with their places."""
        for start in range(0, len(self), _count(self.size)):
            rows = np.arange(start, min(start + _count(self.size), len(self)))
            yield slice(start, start + len(rows)), self.take(rows)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of the values of each image, and of their squares, both (N,): exact whole numbers."""

    values: Numbers
    squares: Numbers


def near_pairs(images: Selection) -> Iterator[Numbers]:
    """Yield the pairs of near copies among images of which no two are equal.

    Args:
        images: Of any number of dimensions.

    Yields:
        The places of two images, the lower first, (M, 2); every pair once, in no certain order.
    """
    sums = _sums(images)
    means = sums.values / (255.0 * images.size)
    screen = _projections(images, sums)
    order = np.argsort(means, kind="stable")
    for candidates in _screened(screen[order], means[order]):
        pairs = order[candidates]
        yield np.sort(pairs[_are_near(images, sums, pairs)], axis=1)


def _sums(images: Selection) -> _Sums:
    sums = _Sums(np.empty(len(images), np.int64), np.empty(len(images), np.int64))
    for rows, values in images.chunks():
        sums.values[rows] = values.sum(axis=1)  # exact: whole numbers below 2**53
        sums.squares[rows] = np.einsum("ij,ij->i", values, values)
    return sums


def _projections(images: Selection, sums: _Sums) -> Floats32:
    """Project the images, centred and of length 1, onto means over blocks, (N, columns)."""
    *sides, channels = images.shape
    per_side = max(1, int((COLUMNS / channels) ** (1 / max(len(sides), 1)) + 1e-9))
    edges = [np.linspace(0, side, min(per_side, side) + 1).astype(int) for side in sides]
    volumes = np.ones(1)
    for edge in edges:
        volumes = np.multiply.outer(volumes, np.diff(edge)).reshape(-1)
    means = sums.values / images.size
    lengths = np.sqrt(np.maximum(sums.squares - sums.values * means, 0))
    lengths[lengths == 0] = 1  # a constant image has no direction
    screen = np.empty((len(images), len(volumes) * channels), np.float32)
    for rows, values in images.chunks():
        blocks = values.reshape(-1, *images.shape)
        for axis, edge in enumerate(edges, start=1):
            blocks = np.add.reduceat(blocks, edge[:-1], axis=axis)
        totals = blocks.reshape(len(values), -1, channels)
        totals = totals - means[rows, None, None] * volumes[:, None]
        scaled = totals / (np.sqrt(volumes)[:, None] * lengths[rows, None, None])
        screen[rows] = scaled.reshape(len(values), -1)
    return screen


def _screened(screen: Floats32, means: Floats64) -> Iterator[Numbers]:
    """Yield the pairs of rows that may be near, (M, 2).

    Args:
        screen: What `_projections` made, sorted by mean.
        means: Of the images in [0, 1], rising.
    """
    lengths = np.einsum("ij,ij->i", screen, screen)
    bound = 2 * (1 - CORRELATION) + SLACK  # on the squared distance of unit vectors
    ends = np.searchsorted(means, means + RMS + SLACK, side="right")
    for top in range(0, len(screen), ROWS):
        bottom = min(top + ROWS, len(screen))
        for start in range(top, int(ends[bottom - 1]), ROWS):
            stop = min(start + ROWS, int(ends[bottom - 1]))
            products = screen[top:bottom] @ screen[start:stop].T
            # |a - b|^2 < bound
            products -= (lengths[top:bottom, None] - bound) / 2
            first, second = np.nonzero(products > lengths[start:stop] / 2)
            first, second = first + top, second + start
            chosen = (first < second) & (second < ends[first])
            yield np.stack([first[chosen], second[chosen]], axis=1)


def _are_near(images: Selection, sums: _Sums, pairs: Numbers) -> Mask:
    """Decide pairs on all their pixels, (M,)."""
    products = np.empty(len(pairs), np.int64)
    for start in range(0, len(pairs), _count(images.size)):
        rows = slice(start, start + _count(images.size))
        first, second = (images.take(part) for part in pairs[rows].T)
        products[rows] = np.einsum("ij,ij->i", first, second)
    values, squares = sums.values[pairs], sums.squares[pairs]
    near: Mask = squares.sum(axis=1) - 2 * products < (RMS * 255) ** 2 * images.size
    covariances = images.size * products - values.prod(axis=1)
    deviations = np.sqrt((images.size * squares - values**2).astype(np.float64))
    near &= covariances > CORRELATION * deviations.prod(axis=1)
    return near


def _count(size: int) -> int:
    """Return how many images of so many values are read at a time, each value in 8 bytes."""
    return max(1, BYTES // (8 * size))
