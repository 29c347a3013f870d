"""The trivial predictor of CT: the mean HU of an MR intensity, without a look at the neighbours."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

LOW, HIGH = -5.0, 10.0  # MR standard deviations; what lies beyond counts with the outermost bins


@final
@dataclass(frozen=True, eq=False)
class IntensityMap:
    """A yardstick: a network that does not beat its MAE over the head has learnt no anatomy.

    Attributes:
        ct: float32 (B,), mean HU of each bin; equal bins over MR intensities of -5 to 10.
    """

    ct: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, batches: Iterable[tuple[Floats, Floats, Mask | None]], bins: int = 150) -> Self:
        """Average the CT within bins of MR intensity; a batch at a time, so memory stays small.

        Bins that no voxel falls into are interpolated between their neighbours.

        Args:
            batches: MR in standard deviations, CT in HU and the voxels to learn from, of one shape;
                None learns from all.
            bins: How many, at least 1.

        Raises:
            ValueError: If there is no voxel to learn from, or shapes differ.
        """
        counts, sums = np.zeros(bins), np.zeros(bins)
        for mr, ct, mask in batches:
            if mr.shape != ct.shape or (mask is not None and mask.shape != mr.shape):
                raise ValueError(f"MR {mr.shape}, CT {ct.shape} and mask do not pair")
            chosen = ... if mask is None else mask
            rows = _bins_of(mr[chosen], bins).ravel()
            counts += np.bincount(rows, minlength=bins)
            sums += np.bincount(rows, weights=ct[chosen].ravel(), minlength=bins)
        filled = np.flatnonzero(counts)
        if len(filled) == 0:
            raise ValueError("no voxel to learn the CT of MR intensities from")
        means = np.interp(np.arange(bins), filled, sums[filled] / counts[filled])
        return cls(means.astype(np.float32))

    def predict(self, mr: Floats) -> npt.NDArray[np.float32]:
        """Look every voxel's HU up, in the shape of ``mr``."""
        return self.ct[_bins_of(mr, len(self.ct))]


def _bins_of(mr: Floats, bins: int) -> npt.NDArray[np.intp]:
    position = (mr.astype(np.float32) - LOW) / (HIGH - LOW) * bins
    return position.clip(0, bins - 1).astype(np.intp)
