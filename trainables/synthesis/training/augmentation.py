"""Slices as another patient or another scanner might have given them.

A slice that is turned or scaled is interpolated, which blurs it, and most of all bone at coarse
pixels. A network that sees nothing but such slices learns to predict blurred CT: so some slices
stay as they are, and the others are interpolated by cubics.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from trainables.corruptions.moving import move, move_mask
from trainables.models.ct.mirrored import AXES
from trainables.synthesis.slices import AIR

CHANCE = 0.5  # that a slice moves, and that its MR changes
TURN = math.radians(10)
SCALE, SHIFT = 0.1, 0.1  # shares of the size, and of half the side
GAIN, OFFSET = 0.25, 0.3  # of the MR, in its standard deviations


def augment(
    mr: Tensor, target: Tensor, generator: torch.Generator, *, by: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Turn, scale and shift slices by chance, and change gain and offset of their MR.

    What comes in from outside is the least value of the slice's MR, air in the CT, and no head.

    Args:
        mr: (N, C, S, S).
        target: Normalised CT, and the head as 0 and 1, (N, 2, S, S).
        generator: On the CPU.
        by: Times the usual ranges of all changes, at most 4.
    """
    moves, changes = (torch.rand(2, len(mr), generator=generator) < CHANCE).to(mr)
    draws = by * (2 * torch.rand(6, len(mr), generator=generator) - 1).to(mr)
    turn, scale, right, front = draws[:4] * moves
    gain, offset = (values.reshape(-1, 1, 1, 1) for values in draws[4:] * changes)
    size = 1 / (1 + SCALE * scale)
    cos, sin = size * torch.cos(TURN * turn), size * torch.sin(TURN * turn)
    rows = (
        torch.stack([cos, -sin, SHIFT * right], dim=1),
        torch.stack([sin, cos, SHIFT * front], dim=1),
    )
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(mr.shape), align_corners=False)
    darkest = mr.amin(dim=(1, 2, 3), keepdim=True)
    mr = (1 + GAIN * gain) * move(mr, grid, darkest) + OFFSET * offset
    return mr, torch.cat([move(target[:, :1], grid, AIR), move_mask(target[:, 1:], grid)], dim=1)


def mirror(
    mr: Tensor, target: Tensor, generator: torch.Generator, *, axis: str = "first"
) -> tuple[Tensor, Tensor]:
    """Exchange left and right of each slice with a probability of 0.5.

    The first axis of a slice runs from the patient's left to the right, see
    `trainables.data.grid.to_slices`.

    Args:
        mr: (N, C, S, S).
        target: (N, 2, S, S).
        generator: On the CPU.
        axis: ``first``, or ``second`` where the headers exchange the axes.
    """
    turned = (torch.rand(len(mr), generator=generator) < 0.5).to(mr.device).reshape(-1, 1, 1, 1)
    flipped = (torch.where(turned, image.flip(AXES[axis]), image) for image in (mr, target))
    return next(flipped), next(flipped)
