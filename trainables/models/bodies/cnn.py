"""A small plain CNN for CPUs."""

import math
from itertools import pairwise

from torch import nn

from trainables.models.bodies.body import Body, Shape
from trainables.models.bodies.convolution import NORMS, Kind, convolution

WIDTHS = {2: 16, 3: 8}  # of the first layer, by dimensions: volumes have more voxels


def conv_norm_relu(
    inputs: int,
    outputs: int,
    stride: int = 1,
    kernel: int = 3,
    *,
    dimensions: int = 2,
    kind: Kind = "3d",
) -> nn.Sequential:
    """Stack a convolution that keeps the size (up to its stride), batch normalisation and ReLU.

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave.
        stride: By which every side is divided.
        kernel: Side of the kernel, odd.
        dimensions: 2 for images, 3 for volumes.
        kind: How volumes are convolved.
    """
    layer = convolution(inputs, outputs, kernel, stride, dimensions=dimensions, kind=kind)
    return nn.Sequential(layer, NORMS[dimensions](outputs), nn.ReLU(inplace=True))


def build_cnn(channels: int, shape: Shape, width: int | None = None) -> Body:
    """Stack pairs of 3x3 convolutions, the first of each pair halving, down to about 7 pixels.

    At 28 pixels and width 16: four convolutions, 16, 32, 64 and 64 maps, 60 thousand parameters.
    For volumes of 28 voxels at width 8: 45 thousand.

    Args:
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
        width: Maps of the first layer; they double with each layer up to four times as many. None
            for 16, of volumes 8.
    """
    dimensions = len(shape)
    width = width or WIDTHS[dimensions]
    halvings = max(2, round(math.log2(min(shape) / 7)))
    widths = [channels, *(width * 2 ** min(layer, 2) for layer in range(2 * halvings))]
    layers = enumerate(pairwise(widths))
    stack = nn.Sequential(
        *(
            conv_norm_relu(inputs, outputs, 2 - number % 2, dimensions=dimensions)
            for number, (inputs, outputs) in layers
        )
    )
    return Body(stack, widths[-1])
