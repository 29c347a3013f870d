"""Whole volumes: from an MR to a CT on its own voxels, and how far that is from the truth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from trainables.data.grid import (
    AIR_HU,
    Slices,
    from_slices,
    stacked,
    standardise,
    to_grid,
)
from trainables.data.volumes import Volume
from trainables.metrics.synthesis import head_mask, measure, measure_field, truth_of
from trainables.models.ct.networks import CTNetwork
from trainables.runtime.arrays import Floats32, Mask
from trainables.saved.checkpoint import UNetCard
from trainables.synthesis.prediction import Track, predict
from trainables.synthesis.slices import CENTRE_HU, SCALE_HU
from trainables.synthesis.unlike import check_grid, unlike, unlike_heads

LEAST_HU, MOST_HU = -1024, 3071  # that scanners store


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
    track: Track = iter,
) -> Synthesised:
    """Predict the CT of a whole volume, slice by slice, on the voxels of its MR.

    Args:
        network: As its card says.
        card: Normalisation, grid and scale.
        mr: (X, Y, Z) towards right, anterior, superior, in any unit.
        spacing: Millimetres between voxels, along each axis.
        batch_size: Slices that the network sees at a time.
        track: Passes batches on, and may show how far they are.

    Raises:
        ValueError: If the MR is constant, or its grid shows the network nothing, see `check_grid`.
        FloatingPointError: If the network predicts values that are not finite.
    """
    notes = check_grid((mr.shape[0], mr.shape[1], mr.shape[2]), spacing, card)
    if mr.min() == mr.max():
        raise ValueError(f"is {mr.min():g} everywhere: it shows nothing")
    normal = standardise(mr, card.normalisation)
    slices = to_grid(normal, spacing, card.size, card.field_mm, float(normal.min()))
    hu = predict(network, torch.from_numpy(stacked(slices, card.neighbours)), batch_size, track)
    hu = (hu - CENTRE_HU) / SCALE_HU * card.scale_hu + card.centre_hu
    volume = from_slices(hu, mr.shape, spacing, card.field_mm, card.padding_hu)
    ct = np.rint(np.clip(volume, LEAST_HU, MOST_HU)).astype(np.int16)
    return Synthesised(
        ct, (*notes, *unlike(mr, normal, spacing, card), *unlike_heads(slices, card))
    )


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
