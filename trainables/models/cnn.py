"""A small plain CNN for CPUs."""

import math
from itertools import pairwise
from typing import final

from torch import Tensor, nn


def conv_norm_relu(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Stack a convolution that keeps the size (up to its stride), batch normalisation and ReLU."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


@final
class SmallCNN(nn.Module):
    """Pairs of 3x3 convolutions, the first of each pair halving the size, down to about 7 pixels.

    At 28 pixels and width 16: four convolutions, 16, 32, 64 and 64 maps, 60 thousand parameters.

    Args:
        channels: Image channels.
        size: Height and width in pixels.
        width: Maps of the first layer; they double with each layer up to four times as many.
    """

    def __init__(self, channels: int, size: int, width: int) -> None:
        super().__init__()
        halvings = max(2, round(math.log2(size / 7)))
        widths = [channels, *(width * 2 ** min(layer, 2) for layer in range(2 * halvings))]
        layers = enumerate(pairwise(widths))
        self.layers = nn.Sequential(*(conv_norm_relu(i, o, 2 - n % 2) for n, (i, o) in layers))
        self.n_features = widths[-1]

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, F, h, w)."""
        maps: Tensor = self.layers(images)
        return maps
