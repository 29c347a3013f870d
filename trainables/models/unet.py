"""The configurable U-Net [robmednas, figures 1 and 2]; `searchspace.unet` describes it."""

from collections.abc import Callable, Iterable, Mapping
from typing import cast, final

import torch
from torch import Tensor, nn

from searchspace.unet import STRIDED, Architecture, Block


@final
class UNet(nn.Module):
    """Predicts normalised CT (N, 1, H, W) from MR (N, channels, H, W).

    Args:
        architecture: Its blocks.
        kernels: Of the branches, a key of `searchspace.unet.KERNELS`.
        norm: A key of `NORMS`.
        channels: Slices of the MR that it sees.

    Each encoder block halves the resolution; its output is also the skip connection to the decoder
    block that starts at that resolution. Weights start as PyTorch's defaults.

    Raises:
        ValueError: In `forward`, if height or width cannot be halved as often as there are blocks;
            in train mode also for a single image whose bottleneck is one pixel, as batch
            normalisation has nothing to normalise over.
    """

    def __init__(
        self,
        architecture: Architecture,
        kernels: str = "square",
        norm: str = "batch",
        channels: int = 1,
    ) -> None:
        super().__init__()
        self.architecture, self.kernels, self.norm = architecture, kernels, norm
        (_, *entering), joined = architecture.inputs
        self.encoder = nn.ModuleList(
            ConfigurableBlock(block, kernels, maps, _down(block, norm), norm)
            for block, maps in zip(architecture.encoder, (channels, *entering), strict=True)
        )
        self.decoder = nn.ModuleList(
            ConfigurableBlock(block, kernels, maps, nn.Upsample(scale_factor=2), norm)
            for block, maps in zip(architecture.decoder, joined, strict=True)
        )
        last = architecture.decoder[-1].filters
        if architecture.full_skip:
            first = architecture.encoder[0].filters
            self.join = convolution(last + first, last, (3, 3), norm=norm)
        self.last = nn.Conv2d(last, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Predict."""
        step = 2**self.architecture.depth
        if images.shape[-1] % step or images.shape[-2] % step:
            size = tuple(images.shape[-2:])
            raise ValueError(f"images of {size} pixels, expected multiples of {step}")
        skips, mixtures = [], []
        for block in cast("Iterable[ConfigurableBlock]", self.encoder):
            mixtures.append(block.mix(images))
            images = block.finish(mixtures[-1])
            skips.append(images)
        images = self.decoder[0](skips.pop())
        for joining in list(self.decoder)[1:]:
            images = joining(torch.cat([images, skips.pop()], dim=1))
        if self.architecture.full_skip:
            images = self.join(torch.cat([images, mixtures[0]], dim=1))
        ct: Tensor = self.last(images)
        return ct


@final
class ConfigurableBlock(nn.Module):
    """Branches side by side, a 1x1 convolution, a change of resolution, a 3x3 one, maybe SE."""

    def __init__(
        self, block: Block, kernels: str, channels: int, resize: nn.Module, norm: str
    ) -> None:
        super().__init__()
        filters = block.filters
        self.branches = nn.ModuleList()
        for branch in block.branches(kernels):
            widths = (channels, *[filters] * len(branch))
            layers = zip(widths, branch, strict=False)
            self.branches.append(
                nn.Sequential(
                    *(convolution(width, filters, kernel, norm=norm) for width, kernel in layers)
                )
            )
        self.merge = convolution(filters * len(self.branches), filters, (1, 1), norm=norm)
        self.resize = resize
        self.refine = convolution(filters, filters, (3, 3), norm=norm)
        self.excite = SqueezeExcitation(block) if block.se else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """Turn (N, channels, H, W) into (N, filters, H', W')."""
        return self.finish(self.mix(images))

    def mix(self, images: Tensor) -> Tensor:
        """Apply the branches and merge them, at the resolution of the input."""
        merged: Tensor = self.merge(torch.cat([branch(images) for branch in self.branches], dim=1))
        return merged

    def finish(self, merged: Tensor) -> Tensor:
        """Change the resolution of what `mix` returned, refine and excite it."""
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


@final
class InstanceNorm(nn.GroupNorm):
    """Normalises each channel of each image by itself, also where it has a single pixel."""

    def forward(self, images: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        # torch's own module refuses a single image of a single pixel, which is the deepest level of
        # a small picture: its channels are then their biases, as they are in a batch.
        return torch.group_norm(images, self.num_groups, self.weight, self.bias, self.eps)


def instance_norm(channels: int) -> InstanceNorm:
    """Make an `InstanceNorm`."""
    return InstanceNorm(channels, channels)


NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": instance_norm,
}


def convolution(
    channels: int,
    filters: int,
    kernel: tuple[int, int],
    stride: int = 1,
    norm: str = "batch",
) -> nn.Sequential:
    """Make a convolution that keeps the resolution (or divides it), normalisation, ReLU.

    Args:
        channels: Maps that enter.
        filters: Maps that leave.
        kernel: Height and width of the kernel.
        stride: By which height and width are divided.
        norm: A key of `NORMS`.
    """
    height, width = ((side - stride + 1) // 2 for side in kernel)
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride, (height, width), bias=False),
        NORMS[norm](filters),
        nn.ReLU(inplace=True),
    )


def _down(block: Block, norm: str) -> nn.Module:
    return convolution(block.filters, block.filters, STRIDED, stride=2, norm=norm)
