"""PSNR, SSIM and MS-SSIM as the SynthRAD challenges define them [synthrad].

CT is clipped to -1024 to 3000 HU, which is the range of the scores as well, and everything is taken
within a mask: outside it both images have the least value. SSIM has a uniform window of 7 voxels
along all three axes, and the outermost 3 voxels of the volume do not count. The definitions are
those of the challenge's own program, its zeros beyond the volume when MS-SSIM halves it included,
so that numbers can be compared with those that are published.

That program cannot compute SSIM of fewer than 7 slices. Here each of these is taken by itself, as
one of many equal ones, and their values are averaged.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from trainables.runtime.arrays import Floats, Mask

Volume = npt.NDArray[np.floating | np.integer]
Floats64 = npt.NDArray[np.float64]

LOW, HIGH = -1024.0, 3000.0  # HU
RANGE = HIGH - LOW
WINDOW = 7
EDGE = WINDOW // 2
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2  # HU squared
COUNT = WINDOW**3
SAMPLE = COUNT / (COUNT - 1)  # from the variance of a window to that of a sample
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
REPEATED = WINDOW + 1
LEAST = 97  # voxels along each axis, to which MS-SSIM repeats the outermost ones


def psnr(prediction: Volume, ct: Volume, mask: Mask) -> float:
    """Compute the peak signal-to-noise ratio within a mask, in dB.

    Args:
        prediction: HU, (Z, H, W).
        ct: The truth, likewise.
        mask: What counts; an empty one gives NaN.

    Returns:
        Infinite where the two are equal.
    """
    if not mask.any():
        return math.nan
    errors = _clipped(prediction)[mask] - _clipped(ct)[mask]
    square = float(np.square(errors).mean())
    return 10 * math.log10(RANGE**2 / square) if square else math.inf


def ssim(prediction: Volume, ct: Volume, mask: Mask) -> float:
    """Compute the mean structural similarity within a mask.

    Args:
        prediction: HU, (Z, H, W).
        ct: The truth, likewise.
        mask: What counts.

    Returns:
        Up to 1; NaN where no voxel of the mask is 3 voxels away from the edges of the volume.
    """
    if len(mask) < WINDOW:
        return _mean_of_slices(_ssim, prediction, ct, mask, WINDOW)
    return _ssim(prediction, ct, mask)


def ms_ssim(prediction: Volume, ct: Volume, mask: Mask) -> float:
    """Compute the structural similarity at five scales within a mask.

    Volumes are padded to 97 voxels along each axis.

    Args:
        prediction: HU, (Z, H, W).
        ct: The truth, likewise.
        mask: What counts.

    Returns:
        From 0 to 1; NaN where the mask vanishes at a scale.
    """
    if len(mask) < WINDOW:
        return _mean_of_slices(partial(_ms_ssim, single=True), prediction, ct, mask, REPEATED)
    return _ms_ssim(prediction, ct, mask)


def _mean_of_slices(
    similarity: Callable[[Volume, Volume, Mask], float],
    prediction: Volume,
    ct: Volume,
    mask: Mask,
    count: int,
) -> float:
    """Average over the slices that show the mask, each of them repeated so many times."""
    values = []
    for row in np.flatnonzero(mask.any(axis=(1, 2))):
        rows = np.full(count, row)
        values.append(similarity(prediction[rows], ct[rows], mask[rows]))
    return float(np.mean(values)) if values else math.nan


def _ssim(prediction: Volume, ct: Volume, mask: Mask) -> float:
    light, contrast, structure = _parts(*(_masked(image, mask) for image in (prediction, ct)))
    return _within(light * contrast * structure, mask)


def _ms_ssim(prediction: Volume, ct: Volume, mask: Mask, *, single: bool = False) -> float:
    """Compute it of a volume; a single slice comes as `REPEATED`, the first of 97 equal ones."""
    slices = LEAST
    missing = [max(0, LEAST - side) for side in mask.shape]
    padding = [(count // 2, count - count // 2) for count in missing]
    if single:
        padding[0] = 0, 0
    images = [np.pad(_masked(image, mask), padding, mode="edge") for image in (prediction, ct)]
    mask = np.pad(mask, padding, mode="edge")
    product = 1.0
    for exponent in SCALES:
        light, contrast, structure = (np.clip(part, 0, None) for part in _parts(*images))
        values = (light * contrast * structure) ** exponent
        value = _of_repeated(values, mask, slices) if single else _within(values, mask)
        product *= min(max(value, 0.0), 1.0) if not math.isnan(value) else math.nan
        images = [_halved(image) for image in images]
        mask = mask[::2, ::2, ::2]
        if single:
            slices = (slices + 1) // 2
            images = [image[[0, *[1] * WINDOW]] for image in images]
            mask = np.repeat(mask[:1], REPEATED, axis=0)
    return product


def _of_repeated(values: Floats, mask: Mask, slices: int) -> float:
    """Average as `_within` over so many slices, of which all but the first are equal.

    Only the windows around the fourth slice reach the first one.
    """
    fourth, further = (_within(values[row : row + WINDOW], mask[:WINDOW]) for row in (0, 1))
    return (fourth + (slices - 2 * EDGE - 1) * further) / (slices - 2 * EDGE)


def _clipped(image: Volume) -> Floats64:
    return np.clip(image, LOW, HIGH).astype(np.float64)


def _masked(image: Volume, mask: Mask) -> Floats:
    """Clip, set what is outside the mask to the least value, and begin the range at 0."""
    return np.where(mask, np.clip(image, LOW, HIGH) - LOW, 0.0).astype(np.float32)


def _parts(first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute luminance, contrast and structure of every voxel's window.

    In single precision a variance is off by a few HU, which is nothing beside `C2`.
    """

    def mean(image: Floats) -> Floats:
        means: Floats = ndimage.uniform_filter(image, WINDOW)
        return means

    m1, m2 = mean(first), mean(second)
    v1 = SAMPLE * (mean(first * first) - m1 * m1)
    v2 = SAMPLE * (mean(second * second) - m2 * m2)
    covariance = SAMPLE * (mean(first * second) - m1 * m2)
    root = np.sqrt(v1.clip(0)) * np.sqrt(v2.clip(0))
    return (
        (2 * m1 * m2 + C1) / (m1 * m1 + m2 * m2 + C1),
        (2 * root + C2) / (v1 + v2 + C2),
        (covariance + C2 / 2) / (root + C2 / 2),
    )


def _within(values: Floats, mask: Mask) -> float:
    """Average over the mask, but for the outermost voxels of the volume."""
    inner = (slice(EDGE, -EDGE),) * 3
    inside = values[inner][mask[inner]]
    return float(inside.mean(dtype=np.float64)) if len(inside) else math.nan


def _halved(image: Floats) -> Floats:
    """Average pairs along each axis; before the first voxel there is 0."""
    for axis in range(3):
        image = np.moveaxis(image, axis, 0)
        before = np.zeros_like(image[::2])
        before[1:] = image[1:-1:2]
        image = np.moveaxis((image[::2] + before) / 2, 0, axis)
    return image
