"""A DenseNet for small images; ImageNet forms reduce 28 pixels to nothing."""

import math
from typing import final

import torch
from torch import Tensor, nn

from trainables.models.bodies.body import Body, Shape


def norm_relu_conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Stack batch normalisation, ReLU and a convolution that keeps the size [densenet].

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave.
        kernel: Height and width of the kernel, odd.
    """
    convolution = nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(inplace=True), convolution)


@final
class DenseLayer(nn.Module):
    """A bottleneck (1x1 to four times the growth) and a 3x3 convolution, appended to the input."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.new = nn.Sequential(
            norm_relu_conv(inputs, 4 * growth, 1), norm_relu_conv(4 * growth, growth, 3)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C + growth, h, w)."""
        return torch.cat([maps, self.new(maps)], dim=1)


def build_densenet(channels: int, shape: Shape, growth: int, layers: int) -> Body:
    """Build a DenseNet-BC in its CIFAR form: dense blocks with halvings between them [densenet].

    Three blocks at 28 pixels; one more for each doubling of the size, so that the last block works
    at about 7 pixels.

    Args:
        channels: Image channels.
        shape: Height and width in pixels.
        growth: Maps added by each layer.
        layers: Layers in each block.
    """
    features = 2 * growth
    parts: list[nn.Module] = [nn.Conv2d(channels, features, 3, 1, 1, bias=False)]
    blocks = max(3, 1 + round(math.log2(min(shape) / 7)))
    for block in range(blocks):
        if block:
            parts += [norm_relu_conv(features, features // 2, 1), nn.AvgPool2d(2)]
            features //= 2
        for _ in range(layers):
            parts.append(DenseLayer(features, growth))
            features += growth
    parts += [nn.BatchNorm2d(features), nn.ReLU(inplace=True)]
    return Body(nn.Sequential(*parts), features)
