"""Near copies: subjects whose MR or CT are so alike that they are one head under two names.

A SHA-256 tells files that are equal. A copy of which one voxel changed, to which noise was added or
whose intensities were scaled has another, and could train a network under one name and test it
under the other. So every volume is brought onto a small common grid, whatever its own, and two
volumes are near copies where their values there correlate. A scale and an offset change nothing.

``benchmarks/near_subjects.py`` measures where different heads and copies lie.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trainables.data.grid import overlaps
from trainables.runtime.arrays import Floats32

SIDE, DEPTH = 32, 8  # of the common grid; each axis of a volume is divided into as many parts
ALIKE = 0.99  # the correlation from which two volumes are near copies
ROWS = 1024  # looks that are compared with the others at a time


@dataclass(frozen=True)
class NearPair:
    """Two subjects that are near copies.

    Attributes:
        names: Of both, in the order of the looks.
        correlation: Of their volumes on the common grid.
    """

    names: tuple[str, str]
    correlation: float


def look_of(values: Floats32) -> Floats32 | None:
    """Reduce a volume (X, Y, Z) to what it looks like: (SIDE * SIDE * DEPTH,), mean 0, length 1.

    Returns:
        None for a volume of fewer voxels than the look has: on so few all heads are alike.
    """
    if min(values.shape[:2]) < SIDE:
        return None
    means = values
    for size, parts in zip(values.shape, (SIDE, SIDE, DEPTH), strict=True):
        shares = overlaps(size, 1.0, parts, size).astype(np.float32)
        means = np.tensordot(means, shares, axes=(0, 1))  # the next axis comes first
    centred = means.ravel() - means.mean(dtype=np.float64)
    length = float(np.linalg.norm(centred))
    return (centred / length).astype(np.float32) if length > 0 else None


def near_pairs(looks: Mapping[str, Floats32 | None]) -> Iterator[NearPair]:
    """Find all pairs of near copies.

    Args:
        looks: Of one part of subjects, MR or CT, by name.
    """
    present = {name: look for name, look in looks.items() if look is not None}
    names, vectors = list(present), np.array(list(present.values()), dtype=np.float32)
    for top in range(0, len(names), ROWS):
        products = vectors[top : top + ROWS] @ vectors.T
        for row, column in np.argwhere(products >= ALIKE):
            first, second = top + int(row), int(column)
            if first < second:
                yield NearPair((names[first], names[second]), float(products[row, column]))
