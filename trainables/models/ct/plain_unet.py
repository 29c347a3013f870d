"""The plain U-Net: what anybody in the field of synthesis would write first."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from searchspace.unet import PlainUNet as Widths
from trainables.models.unet import NORMS

SLOPE = 0.01  # of the rectifiers, below 0


@final
class PlainUNet(nn.Module):
    """Predicts normalised CT (N, 1, H, W) from MR (N, channels, H, W).

    Residual blocks of two 3x3 convolutions; maximum pooling down, nearest neighbours up, and the
    block of the same resolution joined, the full one included.

    Args:
        widths: Filters of each level.
        norm: A key of `trainables.models.unet.NORMS`.
        channels: Slices of the MR that it sees.

    Raises:
        ValueError: In `forward`, if height or width cannot be halved as often as there are levels.
    """

    def __init__(self, widths: Widths, norm: str = "instance", channels: int = 1) -> None:
        super().__init__()
        self.architecture, self.norm = widths, norm
        blocks = [
            ResidualBlock(entering, filters, norm)
            for entering, filters, _ in widths.blocks(channels)
        ]
        self.encoder = nn.ModuleList(blocks[: widths.depth + 1])
        self.decoder = nn.ModuleList(blocks[widths.depth + 1 :])
        self.last = nn.Conv2d(widths.widths[0], 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Predict."""
        step = 2**self.architecture.depth
        if images.shape[-1] % step or images.shape[-2] % step:
            size = tuple(images.shape[-2:])
            raise ValueError(f"images of {size} pixels, expected multiples of {step}")
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            images = block(functional.max_pool2d(images, 2) if level else images)
            skips.append(images)
        images = skips.pop()
        for block in self.decoder:
            wide = functional.interpolate(images, scale_factor=2)
            images = block(torch.cat([wide, skips.pop()], dim=1))
        ct: Tensor = self.last(images)
        return ct


@final
class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with normalisation, added to the input."""

    def __init__(self, channels: int, filters: int, norm: str) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        self.first_norm = NORMS[norm](filters)
        self.second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.second_norm = NORMS[norm](filters)
        same = channels == filters
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, filters, 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Turn (N, channels, H, W) into (N, filters, H, W)."""
        maps = functional.leaky_relu(self.first_norm(self.first(images)), SLOPE)
        maps = self.second_norm(self.second(maps))
        return functional.leaky_relu(maps + self.shortcut(images), SLOPE)
