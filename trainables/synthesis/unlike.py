"""In what an MR is unlike those that a network was trained on: refused, or said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainables.data.grid import otsu, overlaps
from trainables.runtime.arrays import Floats32, Floats64, Mask
from trainables.saved.checkpoint import Heads, UNetCard
from trainables.synthesis.slices import SubjectSlices

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
# How much likelier a slice is its own mirror image along one axis than along the other, as a
# difference of Fisher's z. Of 120 real heads all have 0.03 and more the right way, and 99 % more
# than this: the other way round, those are named.
CLEARLY = 0.15
BLOCK_MM, REACH_MM = 4.0, 16.0  # pixels of that, and how far the mirror may lie off the middle
# Times the extent of nearly all heads of training. Of 120 real heads none is so far off, whichever
# of their two hospitals trained; with voxels of 0.7 or 1.5 for 1 mm all are.
FAR = 1.15
QUARTERS = (25, 50, 75)
# By which the quartiles of tissue may lie off those of training. Of 120 real heads of two hospitals
# they do by at most 0.17, 0.24 and 0.33, whichever of the two trained; a CT by 0.66 in the last.
OTHERWISE = (0.35, 0.28, 0.5)
TINY = 1e-6


@dataclass(frozen=True)
class Head:
    """What the slice of an MR shows that has most tissue.

    Attributes:
        symmetry: Above 0 where it is likelier its own mirror image along its first axis than along
            the second; a difference of Fisher's z.
        extent_mm: Four deviations of where tissue lies, the geometric mean of both axes: the
            diameter of an ellipse.
        quartiles: Of its tissue, brought to mean 0 and deviation 1.
    """

    symmetry: float
    extent_mm: float
    quartiles: tuple[float, float, float]


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


def measure_head(mr: Floats32, pixel_mm: float) -> Head | None:
    """Measure what an MR shows of a head, on the pixels of a network.

    Args:
        mr: (Z, S, S), in any unit.
        pixel_mm: Side of a pixel.

    Returns:
        None where it is constant.
    """
    if mr.min() == mr.max():
        return None
    tissue = mr > otsu(mr)
    widest = int(tissue.sum(axis=(1, 2)).argmax())
    picture, shown = mr[widest], tissue[widest]
    values = picture[shown].astype(np.float64)
    values = (values - values.mean()) / max(float(values.std()), TINY)
    low, middle, high = np.percentile(values, QUARTERS).tolist()
    spread = [float(places.std()) * pixel_mm for places in np.nonzero(shown)]
    extent = 4 * float(np.sqrt(spread[0] * spread[1]))
    return Head(_symmetry(picture, shown, pixel_mm), extent, (low, middle, high))


def describe(subjects: Sequence[SubjectSlices], pixel_mm: float) -> Heads | None:
    """Sum up what the MR of training show of heads, for a network's card.

    Args:
        subjects: On the network's pixels.
        pixel_mm: Side of a pixel.

    Returns:
        None where all MR are constant.
    """
    measured = (measure_head(np.asarray(s.mr, dtype=np.float32), pixel_mm) for s in subjects)
    heads = [head for head in measured if head is not None]
    if not heads:
        return None
    symmetry = float(np.median([head.symmetry for head in heads]))
    axis: Literal["first", "second"] = "first" if symmetry > 0 else "second"
    shortest, longest = np.percentile([head.extent_mm for head in heads], (5, 95)).tolist()
    low, middle, high = np.median([head.quartiles for head in heads], axis=0).tolist()
    return Heads(
        left_right=axis if abs(symmetry) > CLEARLY else None,
        extent_mm=(shortest, longest),
        quartiles=(low, middle, high),
    )


def unlike_heads(mr: Floats32, card: UNetCard) -> tuple[str, ...]:
    """Say in what the head of an MR is unlike those of training; on its pixels, as they were.

    Args:
        mr: (Z, S, S), as the network sees it.
        card: Of the network.
    """
    head = measure_head(mr, card.field_mm / card.size)
    return () if head is None else tuple(_differences(head, card))


def _differences(head: Head, card: UNetCard) -> Iterator[str]:
    axis = card.mirrored if card.heads is None else card.heads.left_right
    if (axis == "first" and head.symmetry < -CLEARLY) or (
        axis == "second" and head.symmetry > CLEARLY
    ):
        yield (
            "its head is symmetric along the axis along which those of training are not: left and "
            "right look exchanged with back and front; correct the orientation in its header"
        )
    if card.heads is None:
        return
    low, high = card.heads.extent_mm
    if not low / FAR <= head.extent_mm <= high * FAR:
        yield (
            f"its head measures {head.extent_mm:.0f} mm, those of training {low:.0f} to "
            f"{high:.0f} mm: check the voxel size in its header"
        )
    pairs = zip(head.quartiles, card.heads.quartiles, OTHERWISE, strict=True)
    if any(abs(value - usual) > limit for value, usual, limit in pairs):
        yield (
            "the grey values of its tissue are distributed otherwise than those of training: "
            "another sequence, or no MR"
        )


def _symmetry(picture: Floats32, tissue: Mask, pixel_mm: float) -> float:
    """Compute how much likelier a slice is its mirror image along its first axis, (S, S)."""
    side = max(1, round(BLOCK_MM / pixel_mm))
    count = len(picture) // side
    blocks = (count, side, count, side)
    capped = np.minimum(picture, np.percentile(picture, BRIGHTEST))
    coarse, covered = (
        values[: count * side, : count * side].astype(np.float64).reshape(blocks).mean(axis=(1, 3))
        for values in (capped, tissue)
    )
    reach = max(1, round(REACH_MM / (side * pixel_mm)))
    first, second = (
        _likeness(coarse.swapaxes(0, axis), covered.swapaxes(0, axis), reach) for axis in (0, 1)
    )
    return first - second


def _likeness(values: Floats64, tissue: Floats64, reach: int) -> float:
    """Compute how alike rows are to those mirrored, best over some mirrors; Fisher's z."""
    rows, last = np.flatnonzero(tissue.any(axis=1)), len(values) - 1
    best = 0.0
    if not len(rows):
        return best
    for total in range(rows[0] + rows[-1] - reach, rows[0] + rows[-1] + reach + 1):
        part = values[max(0, total - last) : min(last, total) + 1]  # row k faces row total - k
        if part.size > 1 and part.std() > 0:
            best = max(best, float(np.corrcoef(part.ravel(), part[::-1].ravel())[0, 1]))
    return float(np.arctanh(min(best, 1 - TINY)))


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
