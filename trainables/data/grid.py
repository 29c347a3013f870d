"""From a subject's volume to the grid that the network sees: slices first, square, in one field."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trainables.data.volumes import Volume

Floats = npt.NDArray[np.float32]
AIR_HU = -1000.0
TISSUE_HU = -500.0
WHOLE = "whole"
BINS = 256  # of the histogram that tells tissue from air
NORMAL_90 = 3.29  # deviations between the 5th and 95th percentile of a normal distribution
TINY = 1e-6
SAME_WIDTH = 1e-4  # headers hold float32: 1 mm reads as 0.99999994; over 256 voxels 0.03 of one


@dataclass(frozen=True, eq=False)
class Slices:
    """A subject on the grid.

    Attributes:
        name: The subject's.
        mr: float32 (Z, S, S), normalised, see `standardise`.
        ct: float32 (Z, S, S), HU.
        mask: The head, (Z, S, S); None where the subject has no mask.
        lost: Share of the head, or without a mask of all above -500 HU, outside the field.
        stack: Each slice of the MR among its neighbours, (Z, C, S, S), see `stacked`; None where a
            network sees one slice.
    """

    name: str
    mr: Floats
    ct: Floats
    mask: npt.NDArray[np.bool_] | None
    lost: float
    stack: Floats | None = None


def stacked(mr: Floats, neighbours: int) -> Floats:
    """Put each slice among its neighbours: (Z, S, S) becomes (Z, 2 neighbours + 1, S, S).

    Beyond the first and the last slice, these are taken again.

    Args:
        mr: Slices in the order of the volume.
        neighbours: How many on each side.
    """
    around = np.arange(len(mr))[:, None] + np.arange(-neighbours, neighbours + 1)
    stack: Floats = mr[around.clip(0, len(mr) - 1)]
    return stack


def spaced(slices: Slices, count: int) -> Slices:
    """Take so many slices of a subject at most, evenly spaced over its head.

    The head is where the mask is, or without one where the CT is above -500 HU.

    Args:
        slices: Of the subject.
        count: Most slices, from 1.
    """
    shows = (slices.ct > TISSUE_HU if slices.mask is None else slices.mask).any(axis=(1, 2))
    rows = np.flatnonzero(shows) if shows.any() else np.arange(len(slices.mr))
    if len(rows) > count:  # the middles of as many equal parts
        rows = rows[((np.arange(count) + 0.5) * len(rows) / count).astype(int)]
    mask = None if slices.mask is None else slices.mask[rows]
    stack = None if slices.stack is None else slices.stack[rows]
    return replace(slices, mr=slices.mr[rows], ct=slices.ct[rows], mask=mask, stack=stack)


def to_slices(
    name: str, volume: Volume, size: int, field_mm: float, normalisation: str = WHOLE
) -> Slices:
    """Bring a volume onto ``size`` x ``size`` pixels that cover a square of ``field_mm``.

    Pixels are means over the area they cover; where they are as large as voxels that is a crop or
    a pad, and exact. The centres of image and field coincide, up to half a voxel: the field starts
    at a voxel's edge, the lower one of two where an odd number is cropped or padded. Beyond the
    image MR is its minimum, CT air. Slices are kept as they are.

    The MR is normalised before any voxel is cropped or padded [robmednas].

    Args:
        name: The subject's.
        volume: As it was read, (X, Y, Z).
        size: Pixels to a side.
        field_mm: Side of the square in mm.
        normalisation: See `standardise`.
    """
    mr = standardise(volume.mr, normalisation)
    rows = overlaps(volume.mr.shape[0], volume.spacing[0], size, field_mm)
    columns = overlaps(volume.mr.shape[1], volume.spacing[1], size, field_mm)
    tissue = volume.ct > TISSUE_HU if volume.mask is None else volume.mask
    inside = rows.sum(axis=0)[:, None] * columns.sum(axis=0)[None, :]
    pixel = _width(volume.spacing[0], size, field_mm) * _width(volume.spacing[1], size, field_mm)
    covered = float((inside[:, :, None] * tissue).sum()) * pixel
    mask = None
    if volume.mask is not None:
        mask = _on_grid(volume.mask.astype(np.float32), rows, columns, 0.0) >= 0.5
    return Slices(
        name=name,
        mr=_on_grid(mr, rows, columns, float(mr.min())),
        ct=_on_grid(volume.ct, rows, columns, AIR_HU),
        mask=mask,
        lost=max(0.0, 1 - covered / max(1, int(tissue.sum()))),
    )


def to_grid(
    values: Floats, spacing: tuple[float, float, float], size: int, field_mm: float, outside: float
) -> Floats:
    """Average a volume (X, Y, Z) over pixels, as `to_slices` does: (Z, size, size).

    Args:
        values: Of voxels.
        spacing: Millimetres between voxels, along each axis.
        size: Pixels to a side.
        field_mm: What they cover.
        outside: Value of what lies outside the volume.
    """
    rows, columns = (overlaps(values.shape[axis], spacing[axis], size, field_mm) for axis in (0, 1))
    return _on_grid(values, rows, columns, outside)


def from_slices(
    slices: Floats, shape: tuple[int, int, int], spacing: tuple[float, float, float],
    field_mm: float, outside: float,
) -> Floats:  # fmt: skip
    """Bring slices back onto the voxels of the volume that `to_slices` took them from.

    Values are interpolated linearly between the middles of pixels; where pixels are as large as
    voxels that is exact.

    Args:
        slices: (Z, S, S).
        shape: Voxels of the volume along each axis, (X, Y, Z).
        spacing: Millimetres between voxels, along each axis.
        field_mm: What the S pixels cover.
        outside: Value of voxels that lie outside the field.

    Returns:
        (X, Y, Z).
    """
    size = slices.shape[1]
    rows, columns = (_interpolation(shape[axis], spacing[axis], size, field_mm) for axis in (0, 1))
    values = rows.astype(np.float32) @ slices @ columns.astype(np.float32).T
    inside = (rows.sum(axis=1)[:, None] > 0) & (columns.sum(axis=1)[None, :] > 0)
    return np.ascontiguousarray(np.moveaxis(np.where(inside, values, np.float32(outside)), 0, 2))


def _interpolation(
    voxels: int, spacing: float, size: int, field_mm: float
) -> npt.NDArray[np.float64]:
    """Compute the weight of each pixel for each voxel, (voxels, size); 0 outside the field."""
    width = _width(spacing, size, field_mm)
    position = (np.arange(voxels) + 0.5 - _start(voxels, size, width)) / width  # in pixels
    inside = (position >= 0) & (position <= size)
    middle = np.clip(position - 0.5, 0, size - 1)
    lower = np.minimum(np.floor(middle).astype(int), max(0, size - 2))
    share = middle - lower
    weights = np.zeros((voxels, size))
    weights[np.arange(voxels), lower] += 1 - share
    weights[np.arange(voxels), np.minimum(lower + 1, size - 1)] += share
    return weights * inside[:, None]


def standardise(mr: Floats, normalisation: str = WHOLE) -> Floats:
    """Bring the MR of a volume to mean 0 and standard deviation 1, (X, Y, Z).

    Args:
        mr: As it was read.
        normalisation: ``whole``: mean and deviation of all voxels, air included [robmednas].
            ``tissue``: of the voxels that Otsu's threshold tells from air, so that air around the
            head changes nothing. ``percentiles``: the median of these voxels, and what a normal
            distribution with their 5th and 95th percentiles would have as its deviation.

    Raises:
        KeyError: If there is no such normalisation.
    """
    if normalisation == WHOLE:
        centre, scale = float(mr.mean(dtype=np.float64)), float(mr.std(dtype=np.float64))
        return (mr - np.float32(centre)) / np.float32(scale)
    tissue = mr[mr > otsu(mr)]
    centre, scale = SPREADS[normalisation](tissue)
    return (mr - np.float32(centre)) / np.float32(max(scale, TINY))


def otsu(values: Floats) -> float:
    """Return the threshold that splits values into the two classes farthest apart [otsu]."""
    counts, edges = np.histogram(values, bins=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * middles).cumsum()
    low = sums[:-1] / np.maximum(below, 1)
    high = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (high - low) ** 2
    return float(edges[1 + int(between.argmax())])


def _moments(tissue: Floats) -> tuple[float, float]:
    return float(tissue.mean(dtype=np.float64)), float(tissue.std(dtype=np.float64))


def _percentiles(tissue: Floats) -> tuple[float, float]:
    low, middle, high = np.percentile(tissue, (5, 50, 95))
    return float(middle), float(high - low) / NORMAL_90


SPREADS = {"tissue": _moments, "percentiles": _percentiles}


def overlaps(voxels: int, spacing: float, size: int, field_mm: float) -> npt.NDArray[np.float64]:
    """Compute which share of each pixel each voxel covers, along one axis.

    Args:
        voxels: How many there are along the axis.
        spacing: Millimetres from one voxel to the next.
        size: Pixels along the axis.
        field_mm: What the pixels cover, in mm.

    Returns:
        Shares from 0 to 1, (size, voxels).
    """
    width = _width(spacing, size, field_mm)
    lower = _start(voxels, size, width) + width * np.arange(size)[:, None]
    edge = np.arange(voxels)[None, :]
    covered = np.minimum(lower + width, edge + 1) - np.maximum(lower, edge)
    shares: npt.NDArray[np.float64] = np.clip(covered, 0, None) / width
    return shares


def _start(voxels: int, size: int, width: float) -> float:
    """Return where the field begins, in voxels from the edge of the image."""
    return (voxels - size) // 2 if width == 1 else (voxels - width * size) / 2


def _width(spacing: float, size: int, field_mm: float) -> float:
    """Compute the width of a pixel in voxels; 1 where rounding alone tells the two apart."""
    width = field_mm / size / spacing
    return 1.0 if abs(width - 1) < SAME_WIDTH else width


def _on_grid(
    volume: Floats,
    rows: npt.NDArray[np.float64],
    columns: npt.NDArray[np.float64],
    outside: float,
) -> Floats:
    """Average (X, Y, Z) over pixels: (Z, size, size); what lies outside has one value."""
    slices = np.moveaxis(volume, 2, 0)
    means = rows.astype(np.float32) @ slices @ columns.astype(np.float32).T
    uncovered = 1 - rows.sum(axis=1)[:, None] * columns.sum(axis=1)[None, :]
    return np.ascontiguousarray(means + (outside * uncovered).astype(np.float32))
