"""The configurable U-Net [robmednas, figures 1 and 2]; `searchspace.unet` describes it."""

from typing import final

import torch
from torch import Tensor, nn

from searchspace.unet import STRIDED, Architecture, Block


@final
class UNet(nn.Module):
    """Predicts normalised CT from MR, both (N, 1, H, W).

    Each encoder block halves the resolution; its output is also the skip connection to the decoder
    block that starts at that resolution. Weights start as PyTorch's defaults.

    Raises:
        ValueError: In `forward`, if height or width cannot be halved as often as there are blocks;
            in train mode also for a single image whose bottleneck is one pixel, as batch
            normalisation has nothing to normalise over.
    """

    def __init__(self, architecture: Architecture, kernels: str = "square") -> None:
        super().__init__()
        self.architecture, self.kernels = architecture, kernels
        entering, joined = architecture.inputs
        self.encoder = nn.ModuleList(
            ConfigurableBlock(block, kernels, channels, _down(block))
            for block, channels in zip(architecture.encoder, entering, strict=True)
        )
        self.decoder = nn.ModuleList(
            ConfigurableBlock(block, kernels, channels, nn.Upsample(scale_factor=2))
            for block, channels in zip(architecture.decoder, joined, strict=True)
        )
        self.last = nn.Conv2d(architecture.decoder[-1].filters, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Predict."""
        step = 2**self.architecture.depth
        if images.shape[-1] % step or images.shape[-2] % step:
            size = tuple(images.shape[-2:])
            raise ValueError(f"images of {size} pixels, expected multiples of {step}")
        skips = []
        for block in self.encoder:
            images = block(images)
            skips.append(images)
        images = self.decoder[0](skips.pop())
        for block in list(self.decoder)[1:]:
            images = block(torch.cat([images, skips.pop()], dim=1))
        ct: Tensor = self.last(images)
        return ct


@final
class ConfigurableBlock(nn.Module):
    """Branches side by side, a 1x1 convolution, a change of resolution, a 3x3 one, maybe SE."""

    def __init__(self, block: Block, kernels: str, channels: int, resize: nn.Module) -> None:
        super().__init__()
        filters = block.filters
        self.branches = nn.ModuleList()
        for branch in block.branches(kernels):
            widths = (channels, *[filters] * len(branch))
            layers = zip(widths, branch, strict=False)
            self.branches.append(
                nn.Sequential(*(convolution(width, filters, kernel) for width, kernel in layers))
            )
        self.merge = convolution(filters * len(self.branches), filters, (1, 1))
        self.resize = resize
        self.refine = convolution(filters, filters, (3, 3))
        self.excite = SqueezeExcitation(block) if block.se else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """Turn (N, channels, H, W) into (N, filters, H', W')."""
        merged = self.merge(torch.cat([branch(images) for branch in self.branches], dim=1))
        maps: Tensor = self.excite(self.refine(self.resize(merged)))
        return maps


@final
class SqueezeExcitation(nn.Module):
    """Weighs each channel by what all pixels say [se]."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(block.filters, block.squeezed),
            nn.ReLU(),
            nn.Linear(block.squeezed, block.filters),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Multiply the channels of (N, C, H, W) by their weights."""
        weights: Tensor = self.weigh(images.mean(dim=(2, 3)))
        return images * weights[:, :, None, None]


def convolution(
    channels: int, filters: int, kernel: tuple[int, int], stride: int = 1
) -> nn.Sequential:
    """Make a convolution that keeps the resolution (or divides it), batch normalisation, ReLU.

    Args:
        channels: Maps that enter.
        filters: Maps that leave.
        kernel: Height and width of the kernel.
        stride: By which height and width are divided.
    """
    height, width = ((side - stride + 1) // 2 for side in kernel)
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride, (height, width), bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(inplace=True),
    )


def _down(block: Block) -> nn.Module:
    return convolution(block.filters, block.filters, STRIDED, stride=2)
