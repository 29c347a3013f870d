"""Answers without a network: one grey for all heads, and the mean CT of an MR intensity."""

import numpy as np
import torch
from torch import Tensor, nn

from trainables.models.intensity_map import HIGH, LOW, IntensityMap
from trainables.runtime.arrays import Floats64
from trainables.synthesis.slices import CENTRE_HU, HU_LIMIT, SCALE_HU, Split

LEVELS = 2 * (HU_LIMIT + 1)  # of int16


def best_grey(split: Split) -> int:
    """Return the HU that has the least head MAE, averaged over the subjects of a split.

    It is the median of the heads, in which every subject weighs alike.
    """
    shares = np.zeros(LEVELS)
    for subject in split.subjects:
        head = np.asarray(subject.ct)[np.asarray(subject.mask, dtype=bool)].astype(np.int64)
        shares += np.bincount(head + HU_LIMIT + 1, minlength=LEVELS) / max(1, len(head))
    return int(np.searchsorted(shares.cumsum(), shares.sum() / 2)) - HU_LIMIT - 1


class OneGrey(nn.Module):
    """Answers every MR with one grey, so that tables of networks have its row.

    Args:
        grey: In HU.
    """

    def __init__(self, grey: float) -> None:
        super().__init__()
        self.normalised = (grey - CENTRE_HU) / SCALE_HU

    def forward(self, mr: Tensor) -> Tensor:
        """Return a CT of MR slices, (N, C, H, W) -> (N, 1, H, W); its gradient is 0 everywhere."""
        return 0 * mr[:, :1] + self.normalised


def fit_intensity(split: Split) -> IntensityMap:
    """Learn the mean CT of each MR intensity from the heads of a split."""
    return IntensityMap.fit(
        (subject.mr.astype(np.float32), subject.ct.astype(np.float32), subject.mask)
        for subject in split.subjects
    )


class ByIntensity(nn.Module):
    """Answers every MR with the mean CT of its intensities, so that tables have its row.

    Between the middles of bins it is interpolated: attacks have a gradient.

    Args:
        fitted: To the training subjects.
    """

    def __init__(self, fitted: IntensityMap) -> None:
        super().__init__()
        self.register_buffer("ct", (torch.from_numpy(fitted.ct) - CENTRE_HU) / SCALE_HU)

    def forward(self, mr: Tensor) -> Tensor:
        """Return a CT of MR slices, (N, C, H, W) -> (N, 1, H, W), of the middle of C slices."""
        middle = mr.shape[1] // 2
        ct: Tensor = self.ct  # type: ignore[assignment] # a buffer
        position = (mr[:, middle : middle + 1] - LOW) / (HIGH - LOW) * len(ct) - 0.5
        position = position.clamp(0, len(ct) - 1)
        below = position.detach().floor().long().clamp_max(len(ct) - 2)
        return torch.lerp(ct[below], ct[below + 1], position - below)


def constant_errors(split: Split) -> Floats64:
    """Measure the head MAE of every subject for `best_grey`, in HU, (N,)."""
    grey = best_grey(split)
    heads = (
        np.asarray(subject.ct)[np.asarray(subject.mask, dtype=bool)] for subject in split.subjects
    )
    return np.array([np.abs(head.astype(np.float64) - grey).mean() for head in heads])


def constant_error(split: Split) -> float:
    """Average `constant_errors`: the error at which a network's skill is 0."""
    return float(constant_errors(split).mean())


def lost_skill(clean: float, disturbed: float, constant: float) -> float:
    """Return the share of a network's clean skill that disturbances take.

    Args:
        clean: Its head MAE, in HU.
        disturbed: The same on disturbed MR.
        constant: That of a single grey.

    Returns:
        From below 0, where disturbances help, to above 1; 1 for a network without clean skill.
    """
    reach = constant - clean
    return (disturbed - clean) / reach if reach > 0 else 1.0
