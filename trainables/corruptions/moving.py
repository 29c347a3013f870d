"""Images on another grid, as sharp as before: linear interpolation blurs them.

Blurred bone is easier to predict, so a network that learns from blurred CT, or is compared with it,
seems better or worse than it is.
"""

from torch import Tensor
from torch.nn import functional


def move(images: Tensor, grid: Tensor, outside: Tensor | float) -> Tensor:
    """Interpolate images by cubics, which leave the range of values of none.

    Args:
        images: (N, C, S, S).
        grid: Where each pixel comes from, (N, S, S, 2), see `torch.nn.functional.grid_sample`.
        outside: What comes in from beyond the edges, one value or (N, 1, 1, 1).
    """
    shifted = images - outside
    moved = functional.grid_sample(shifted, grid, mode="bicubic", align_corners=False)
    least = shifted.amin(dim=(2, 3), keepdim=True).clamp(max=0)
    greatest = shifted.amax(dim=(2, 3), keepdim=True).clamp(min=0)
    return moved.clamp(least, greatest) + outside


def move_mask(masks: Tensor, grid: Tensor) -> Tensor:
    """Move masks of 0 and 1, (N, 1, S, S), which stay such; outside is 0."""
    return functional.grid_sample(masks, grid, mode="nearest", align_corners=False)
