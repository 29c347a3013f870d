"""Whole volumes: from an MR to a CT on its own voxels, and how far that is from the truth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from trainables.data.grid import (
    AIR_HU,
    Slices,
    from_slices,
    otsu,
    overlaps,
    stacked,
    standardise,
    to_grid,
)
from trainables.data.volumes import Volume
from trainables.metrics.synthesis import head_mask, measure, measure_field, truth_of
from trainables.models.ct.networks import CTNetwork
from trainables.runtime.arrays import Floats32, Mask
from trainables.saved.checkpoint import UNetCard
from trainables.synthesis.prediction import predict
from trainables.synthesis.slices import CENTRE_HU, SCALE_HU

LEAST_HU, MOST_HU = -1024, 3071  # that scanners store
LOST = 0.01  # share of the tissue outside the field above which it is said
BRIGHT = 0.75  # share of the border as bright as tissue, above which it is said
UNLIKE = 0.75  # standard deviations by which the tissue's middle may lie off that of training


@dataclass(frozen=True)
class Synthesised:
    """What became of a volume.

    Attributes:
        ct: HU, int16 (X, Y, Z).
        notes: What a person should know.
    """

    ct: npt.NDArray[np.int16]
    notes: tuple[str, ...]


def synthesise(
    network: CTNetwork,
    card: UNetCard,
    mr: Floats32,
    spacing: tuple[float, float, float],
    batch_size: int = 16,
) -> Synthesised:
    """Predict the CT of a whole volume, slice by slice, on the voxels of its MR.

    Args:
        network: As its card says.
        card: Normalisation, grid and scale.
        mr: (X, Y, Z) towards right, anterior, superior, in any unit.
        spacing: Millimetres between voxels, along each axis.
        batch_size: Slices that the network sees at a time.

    Raises:
        ValueError: If the MR is constant.
    """
    if mr.min() == mr.max():
        raise ValueError(f"is {mr.min():g} everywhere: it shows nothing")
    normal = standardise(mr, card.normalisation)
    slices = to_grid(normal, spacing, card.size, card.field_mm, float(normal.min()))
    hu = predict(network, torch.from_numpy(stacked(slices, card.neighbours)), batch_size)
    hu = (hu - CENTRE_HU) / SCALE_HU * card.scale_hu + card.centre_hu
    volume = from_slices(hu, mr.shape, spacing, card.field_mm, card.padding_hu)
    ct = np.rint(np.clip(volume, LEAST_HU, MOST_HU)).astype(np.int16)
    return Synthesised(ct, _notes(mr, normal, spacing, card))


def grid_error(volume: Volume, slices: Slices, field_mm: float) -> float:
    """Compute the head MAE in HU that a perfect network would have on the voxels of the CT.

    Prediction and truth are averaged over pixels; what is lost by that, no network brings back.

    Args:
        volume: A subject's.
        slices: The same on the grid.
        field_mm: What the grid covers.
    """
    ct = from_slices(slices.ct, volume.ct.shape, volume.spacing, field_mm, AIR_HU)
    return native_mae(np.rint(ct).astype(np.int16), volume.ct, volume.mask)


def native_scores(
    ct: npt.NDArray[np.int16], truth: Floats32, mask: Mask | None
) -> dict[str, float]:
    """Compute all scores on the voxels of the CT, see `trainables.metrics.synthesis`.

    Args:
        ct: Predicted, (X, Y, Z).
        truth: The CT, likewise.
        mask: The head; None for what the CT shows of it.
    """
    volumes = (np.moveaxis(volume.astype(np.float32), 2, 0) for volume in (ct, truth))
    prediction, target = volumes
    head = None if mask is None else np.moveaxis(mask, 2, 0)
    regions = truth_of(target, head)
    return measure(prediction, regions) | measure_field(prediction, regions)


def native_mae(ct: npt.NDArray[np.int16], truth: Floats32, mask: Mask | None) -> float:
    """Compute the head MAE in HU on the voxels of the CT, (X, Y, Z) all.

    Args:
        ct: Predicted.
        truth: The CT.
        mask: The head; None for what the CT shows of it.
    """
    head = np.moveaxis(head_mask(np.moveaxis(truth, 2, 0)), 0, 2) if mask is None else mask
    return float(np.abs(ct[head] - truth[head]).mean(dtype=np.float64))


def _notes(
    mr: Floats32, normal: Floats32, spacing: tuple[float, float, float], card: UNetCard
) -> tuple[str, ...]:
    """Say in what a volume is unlike those that the network was trained on."""
    notes = []
    tissue = mr > otsu(mr)
    rows, columns = (
        overlaps(mr.shape[axis], spacing[axis], card.size, card.field_mm) for axis in (0, 1)
    )
    reached = (rows.sum(axis=0)[:, None] > 0) & (columns.sum(axis=0)[None, :] > 0)
    lost = 1 - float((tissue & reached[:, :, None]).sum()) / max(1, int(tissue.sum()))
    if lost > LOST:
        notes.append(f"{lost:.0%} of its tissue lies outside the field of {card.field_mm:g} mm")
    border = np.concatenate([tissue[[0, -1]].ravel(), tissue[:, [0, -1]].ravel()])
    if border.mean() > BRIGHT:
        notes.append(
            f"{border.mean():.0%} of its border is as bright as tissue: an inverted contrast, or a "
            "field of view without air"
        )
    middle = float(np.median(normal[tissue]))
    if card.tissue is not None and abs(middle - card.tissue) > UNLIKE:
        notes.append(
            f"its tissue has a normalised MR of {middle:.2f}, that of training {card.tissue:.2f}: "
            "another contrast, or another field of view"
        )
    return tuple(notes)
