"""Slices as another scanner or another protocol might have given them, for training.

What a hospital's scanner leaves in every one of its images a network takes for anatomy. So the MR
is changed by chance where the CT is not: its contrast, field, noise and resolution. Ghosts, rings,
voids and the field of view are left out: by them networks are compared, see
`trainables.synthesis.robustness.disturbances`, as by what they were not trained on.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from trainables.corruptions.mr import DISTURBANCES

CHANCE = 0.5  # of each kind, for a slice
RANGES: Mapping[str, tuple[float, float]] = {
    "contrast": (-0.5, 0.5),
    "bias field": (0.0, 0.4),
    "Rician noise": (0.0, 0.2),
    "resolution": (0.0, 0.4),
}
"""By kind of `DISTURBANCES`, the least and the greatest strength."""
MOST = 2.0  # by which these may be multiplied: no more than four fifths of the resolution are lost


def scan_anew(
    mr: Tensor, target: Tensor, generator: torch.Generator, *, by: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Change the MR of each slice by chance, as scanners differ; the target stays.

    Args:
        mr: (N, C, S, S).
        target: (N, 2, S, S).
        generator: On the CPU.
        by: Times `RANGES`, at most `MOST`.
    """
    return torch.cat([_change(slice_, generator, by) for slice_ in mr.split(1)]), target


def _change(mr: Tensor, generator: torch.Generator, by: float) -> Tensor:
    for kind, (least, most) in RANGES.items():
        drawn, share = torch.rand(2, generator=generator).tolist()
        if drawn < CHANCE:
            mr = DISTURBANCES[kind][1](mr, by * (least + share * (most - least)), generator)
    return mr
