"""A head that lies turned within the field: MR and CT turn alike, unlike under all else here."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from trainables.corruptions.moving import move, move_mask


def turn(images: Tensor, degrees: float, outside: Tensor | float) -> Tensor:
    """Turn images about their middle, from the first axis towards the second.

    Args:
        images: (N, C, S, S).
        degrees: By which; at 0 nothing changes.
        outside: What comes in from beyond the edges, one value or (N, 1, 1, 1).
    """
    return move(images, _grid(images, degrees), outside)


def turn_mask(masks: Tensor, degrees: float) -> Tensor:
    """Turn masks of 0 and 1, (N, 1, S, S), which stay such."""
    return move_mask(masks, _grid(masks, degrees))


def _grid(images: Tensor, degrees: float) -> Tensor:
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    rows = torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]], dtype=images.dtype)
    grid = functional.affine_grid(
        rows.expand(len(images), 2, 3), list(images.shape), align_corners=False
    )
    return grid.to(images.device)
