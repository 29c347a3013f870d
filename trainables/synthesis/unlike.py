"""In what an MR is unlike those that a network was trained on: refused, or said."""

from collections.abc import Iterator

import numpy as np

from trainables.data.grid import otsu, overlaps
from trainables.runtime.arrays import Floats32
from trainables.saved.checkpoint import UNetCard

Sides = tuple[float, float, float]

# Voxels by pixels of the network, and the image by its field: above or below the first it is said,
# above or below the second nothing is left of a head.
COARSE, TOO_COARSE = 2.0, 4.0
NARROW, TOO_NARROW = 1 / 3, 1 / 8
THICK_MM = 10.0  # from slice to slice
LOST = 0.01  # share of the tissue outside the field above which it is said
BRIGHT = 0.75  # share of the border as bright as tissue, above which it is said
UNLIKE = 0.75  # standard deviations by which the tissue's middle may lie off that of training
# A slice is cut into 8 x 8 blocks. Their means have 53 % or more of the variance of 120 real heads
# and of phantoms, of noise hardly any; where noise has the deviation of the MR itself, 17 to 28 %.
BLOCKS, LEAST_BLOCK = 8, 4  # voxels along a side of one, below which noise does not average out
BRIGHTEST = 99  # percentile above which values count as that one: a few bright voxels are no noise
LEAST_SHARE = 0.25


def check_grid(shape: tuple[int, int, int], spacing: Sides, card: UNetCard) -> tuple[str, ...]:
    """Compare the grid of an MR with what the network sees; no voxel is needed.

    Args:
        shape: Voxels along each axis.
        spacing: Millimetres between them.
        card: Of the network.

    Returns:
        What a person should know.

    Raises:
        ValueError: If the network would see nothing of a head.
    """
    pixel, voxel = card.field_mm / card.size, max(spacing[:2])
    wide = f"has voxels of {voxel:.3g} mm, the network pixels of {pixel:.3g} mm"
    x, y = (shape[axis] * spacing[axis] for axis in (0, 1))
    narrow = f"covers {x:.3g} x {y:.3g} mm, the network a field of {card.field_mm:g} mm"
    if voxel > TOO_COARSE * pixel:
        raise ValueError(f"{wide}: that is too coarse; give an MR of finer voxels")
    if min(x, y) < TOO_NARROW * card.field_mm:
        raise ValueError(f"{narrow}: correct its voxel size, or give a whole head")
    notes = [f"its MR {wide}: it is coarser than those of training"] * (voxel > COARSE * pixel)
    if min(x, y) < NARROW * card.field_mm:
        notes.append(f"its MR {narrow}: most of that is filled with its least value")
    if spacing[2] > THICK_MM:
        notes.append(f"its slices are {spacing[2]:.3g} mm apart: each is predicted by itself")
    return tuple(notes)


def unlike(mr: Floats32, normal: Floats32, spacing: Sides, card: UNetCard) -> tuple[str, ...]:
    """Say in what the voxels of an MR are unlike those of training.

    Args:
        mr: (X, Y, Z), as stored.
        normal: The same, normalised.
        spacing: Millimetres between voxels, along each axis.
        card: Of the network.
    """
    return tuple(_lines(mr, normal, spacing, card))


def share_of_blocks(mr: Floats32) -> float:
    """Compute which share of the variance of a volume lies between blocks of its slices.

    Args:
        mr: (X, Y, Z).

    Returns:
        From 0, of noise, to 1; NaN if the slices are too small to tell.
    """
    if min(mr.shape[:2]) < BLOCKS * LEAST_BLOCK:
        return float("nan")
    values = np.minimum(mr, np.percentile(mr, BRIGHTEST)).astype(np.float64)
    values -= values.mean()
    starts = [np.arange(BLOCKS) * side // BLOCKS for side in mr.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1)
    rows, columns = (
        np.diff([*edges, side]) for edges, side in zip(starts, mr.shape[:2], strict=True)
    )
    between = float((sums**2 / (rows[:, None] * columns[None, :])[:, :, None]).sum())
    return between / max(float((values**2).sum()), np.finfo(np.float64).tiny)


def _lines(mr: Floats32, normal: Floats32, spacing: Sides, card: UNetCard) -> Iterator[str]:
    share = share_of_blocks(mr)
    if share < LEAST_SHARE:
        yield (
            f"its MR looks like noise: {share:.0%} of its variance lies between the parts of a "
            "slice, of a head more than half; there may be no tissue in it"
        )
    tissue = mr > otsu(mr)
    rows, columns = (
        overlaps(mr.shape[axis], spacing[axis], card.size, card.field_mm) for axis in (0, 1)
    )
    reached = (rows.sum(axis=0)[:, None] > 0) & (columns.sum(axis=0)[None, :] > 0)
    lost = 1 - float((tissue & reached[:, :, None]).sum()) / max(1, int(tissue.sum()))
    if lost > LOST:
        yield f"{lost:.0%} of its tissue lies outside the field of {card.field_mm:g} mm"
    border = np.concatenate([tissue[[0, -1]].ravel(), tissue[:, [0, -1]].ravel()])
    if border.mean() > BRIGHT:
        yield (
            f"{border.mean():.0%} of its border is as bright as tissue: an inverted contrast, or a "
            "field of view without air"
        )
    middle = float(np.median(normal[tissue]))
    if card.tissue is not None and abs(middle - card.tissue) > UNLIKE:
        yield (
            f"its tissue has a normalised MR of {middle:.2f}, that of training {card.tissue:.2f}: "
            "another contrast, or another field of view"
        )
