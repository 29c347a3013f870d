"""A small plain CNN for CPUs."""

import math
from itertools import pairwise

from torch import nn

from trainables.models.body import Body, Shape


def conv_norm_relu(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Stack a convolution that keeps the size (up to its stride), batch normalisation and ReLU.

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave.
        stride: By which height and width are divided.
        kernel: Height and width of the kernel, odd.
    """
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def build_cnn(channels: int, shape: Shape, width: int) -> Body:
    """Stack pairs of 3x3 convolutions, the first of each pair halving, down to about 7 pixels.

    At 28 pixels and width 16: four convolutions, 16, 32, 64 and 64 maps, 60 thousand parameters.

    Args:
        channels: Image channels.
        shape: Height and width in pixels.
        width: Maps of the first layer; they double with each layer up to four times as many.
    """
    halvings = max(2, round(math.log2(min(shape) / 7)))
    widths = [channels, *(width * 2 ** min(layer, 2) for layer in range(2 * halvings))]
    layers = enumerate(pairwise(widths))
    stack = nn.Sequential(*(conv_norm_relu(i, o, 2 - n % 2) for n, (i, o) in layers))
    return Body(stack, widths[-1])
