"""MAE and Dice of a predicted CT by region, over a subject's whole volume [robmednas, section 2.5].

Air is HU < -500, bone HU > 500, soft tissue -500 < HU < 300. The bounds are excluded: exactly
-500 HU, and 300 to 500 HU, belong to none of the three. The paper prints air as "HU < 500", which
would include soft tissue; a minus sign is missing there. It does not define the head ("whole
brain"): see `head_mask`. Air is counted in the whole volume, around the head as well as inside it.

A single slice is a volume of one slice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from trainables.metrics.similarity import ms_ssim, psnr, ssim
from trainables.runtime.arrays import Floats, Mask
from trainables.study.study import Directions

Volume = npt.NDArray[np.floating | np.integer]

REGIONS = ("head", "air", "bone", "soft")
SCORES = tuple(f"{kind}_{region}" for kind in ("mae", "dice") for region in REGIONS)
FIELD = (*(f"bias_{region}" for region in REGIONS), "mae_predicted_bone", "psnr", "ssim", "ms_ssim")
"""Scores that the field reports beside: signed errors, of predicted bone, and of similarity."""
DIRECTIONS: Directions = {score: "min" if score.startswith("mae") else "max" for score in SCORES}

AIR_BELOW = -500  # HU, as all three; soft tissue lies above
SOFT_BELOW = 300
BONE_ABOVE = 500

_CLOSING = 2  # pixels to each side: closes gaps in the skin of up to 4 pixels
_IN_PLANE = ndimage.generate_binary_structure(2, 1)[None]  # a slice's four neighbours, (1, 3, 3)


@dataclass(frozen=True, eq=False)
class Truth:
    """The true CT of one subject with its regions, as `truth_of` computes it once.

    Attributes:
        ct: HU, (Z, H, W).
        regions: Mask of each of `REGIONS`, from the values of the CT, (Z, H, W).
        head: Mask of the head for the MAE, (Z, H, W).
    """

    ct: Floats
    regions: Mapping[str, Mask]
    head: Mask


def truth_of(ct: Volume, mask: Mask | None) -> Truth:
    """Find the regions of a subject.

    Args:
        ct: HU, (Z, H, W).
        mask: Mask of the head for the MAE, (Z, H, W); None for `head_mask`. The Dice of the head
            never uses it, because a prediction has no such mask.

    Raises:
        ValueError: If the shapes are not as described.
    """
    regions = _regions(ct)
    head = regions["head"] if mask is None else mask.astype(bool)
    if head.shape != ct.shape:
        raise ValueError(f"mask is {head.shape}, its CT {ct.shape}")
    return Truth(ct=ct.astype(np.float32), regions=regions, head=head)


def _is_whole(prediction: Volume, truth: Truth) -> bool:
    """Return whether no voxel of a prediction is NaN; refuse one of another shape than its CT."""
    if prediction.shape != truth.ct.shape:
        raise ValueError(f"prediction is {prediction.shape}, its CT {truth.ct.shape}")
    return not np.isnan(prediction).any()


def measure(prediction: Volume, truth: Truth) -> dict[str, float]:
    """Compute all of `SCORES` of one subject.

    The MAE, in HU, is the mean over the voxels of the true region, NaN if there are none. Dice is
    2 |P & T| / (|P| + |T|) of the predicted and the true region, 1 if both are empty.

    Args:
        prediction: HU, (Z, H, W); one NaN makes every score NaN.
        truth: Of the same subject.

    Raises:
        ValueError: If the shapes differ.
    """
    if not _is_whole(prediction, truth):
        return dict.fromkeys(SCORES, np.nan)
    errors = np.abs(prediction - truth.ct)
    masks = {**truth.regions, "head": truth.head}
    regions = _regions(prediction)
    maes = {f"mae_{name}": _mean(errors[masks[name]]) for name in REGIONS}
    dices = {f"dice_{name}": _dice(regions[name], truth.regions[name]) for name in REGIONS}
    return maes | dices


def measure_field(prediction: Volume, truth: Truth) -> dict[str, float]:
    """Compute all of `FIELD` of one subject.

    Signed errors are prediction minus truth in HU, over the voxels of the true region; the error of
    predicted bone is absolute, over the voxels that the prediction calls bone. Both are NaN where
    there are no such voxels. Similarity is taken within the head, see
    `trainables.metrics.similarity`.

    Args:
        prediction: HU, (Z, H, W); one NaN makes every score NaN.
        truth: Of the same subject.

    Raises:
        ValueError: If the shapes differ.
    """
    if not _is_whole(prediction, truth):
        return dict.fromkeys(FIELD, np.nan)
    errors = prediction - truth.ct
    masks = {**truth.regions, "head": truth.head}
    scores = {f"bias_{name}": _mean(errors[masks[name]]) for name in REGIONS}
    scores["mae_predicted_bone"] = _mean(np.abs(errors[prediction > BONE_ABOVE]))
    for name, similarity in (("psnr", psnr), ("ssim", ssim), ("ms_ssim", ms_ssim)):
        scores[name] = similarity(prediction, truth.ct, truth.head)
    return scores


def head_mask(ct: Volume) -> Mask:
    """Find the head: HU > -500, closed in-plane, its largest component, filled slice by slice.

    Sinuses and airways inside are filled unless they open to the outside by more than 4 pixels.
    Each slice is closed and filled on its own, so that the first and the last slice, or a single
    one, lose no voxels. The component is three-dimensional.

    Args:
        ct: HU, (Z, H, W).

    Returns:
        (Z, H, W); all False if no voxel is above -500 HU.

    Raises:
        ValueError: If there are not three dimensions.
    """
    if ct.ndim != 3:
        raise ValueError(f"a volume of {ct.ndim} dimensions, expected slices (Z, H, W)")
    return _filled(_largest(_closed(ct > AIR_BELOW)))


def _regions(hu: Volume) -> dict[str, Mask]:
    return {
        "head": head_mask(hu),
        "air": hu < AIR_BELOW,
        "bone": hu > BONE_ABOVE,
        "soft": (hu > AIR_BELOW) & (hu < SOFT_BELOW),
    }


def _closed(mask: Mask) -> Mask:
    """Close each slice with a square, as if air surrounded the frame."""
    margin = ((0, 0), (_CLOSING, _CLOSING), (_CLOSING, _CLOSING))
    window = (1, 2 * _CLOSING + 1, 2 * _CLOSING + 1)
    wide = ndimage.maximum_filter(np.pad(mask, margin), window, mode="constant")
    closed = ndimage.minimum_filter(wide, window, mode="constant")
    inside: Mask = closed[:, _CLOSING:-_CLOSING, _CLOSING:-_CLOSING]
    return inside


def _largest(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    largest: Mask = labels == sizes[1:].argmax() + 1
    return largest


def _filled(mask: Mask) -> Mask:
    """Fill those parts of each slice's background that do not touch the frame."""
    structure = np.pad(_IN_PLANE, ((1, 1), (0, 0), (0, 0)))
    labels, count = ndimage.label(~mask, structure)
    outside = np.zeros(count + 1, dtype=bool)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        outside[edge] = True
    outside[0] = False  # the label of the mask itself
    filled: Mask = ~outside[labels]
    return filled


def _mean(values: Floats) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else np.nan


def _dice(prediction: Mask, truth: Mask) -> float:
    total = int(prediction.sum() + truth.sum())
    return 2 * int((prediction & truth).sum()) / total if total else 1.0
