"""ResNet-18 in the form that the MedMNIST benchmark uses at 28 pixels and voxels, at any width."""

from functools import partial
from typing import final

from torch import Tensor, nn

from trainables.models.bodies.body import Body, Shape
from trainables.models.bodies.cnn import conv_norm_relu
from trainables.models.bodies.convolution import NORMS, POOLS, Kind, convolution

LARGE = 64  # from more pixels than this on, the ImageNet stem: 7x7 stride 2 and max pooling


@final
class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut [resnet].

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave.
        stride: By which every side is divided.
        dimensions: 2 for images, 3 for volumes.
        kind: How volumes are convolved.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, dimensions: int = 2, kind: Kind = "3d"
    ) -> None:
        super().__init__()
        layer, norm = partial(convolution, dimensions=dimensions, kind=kind), NORMS[dimensions]
        self.residual = nn.Sequential(
            conv_norm_relu(inputs, outputs, stride, dimensions=dimensions, kind=kind),
            layer(outputs, outputs, 3, 1),
            norm(outputs),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(layer(inputs, outputs, 1, stride), norm(outputs))
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, inputs, *shape) to (N, outputs, *shape / stride)."""
        summed: Tensor = self.relu(self.residual(maps) + self.shortcut(maps))
        return summed


def build_resnet18(channels: int, shape: Shape, width: int, kind: Kind = "3d") -> Body:
    """Build a ResNet-18 without its last layer [resnet].

    Up to 64 pixels the stem is one 3x3 convolution without pooling, as in the MedMNIST benchmark at
    28 pixels; above, it is the ImageNet stem. At 28 pixels, one channel and two classes, width 64
    has 11.17 million parameters, and 33.1 million in 3-D, as the benchmark's own code has.

    Args:
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
        width: Maps of the first stage; the four stages have 1, 2, 4 and 8 times as many.
        kind: How volumes are convolved.
    """
    dimensions = len(shape)
    layers = partial(conv_norm_relu, dimensions=dimensions, kind=kind)
    if min(shape) > LARGE:
        stem = layers(channels, width, stride=2, kernel=7)
        stem.append(POOLS[dimensions](3, 2, 1))
    else:
        stem = layers(channels, width)
    widths = [width, width, 2 * width, 4 * width, 8 * width]
    stages: list[nn.Module] = []
    for stage in range(4):
        stride = 1 if stage == 0 else 2
        for inputs, step in ((widths[stage], stride), (widths[stage + 1], 1)):
            stages.append(BasicBlock(inputs, widths[stage + 1], step, dimensions, kind))
    return Body(nn.Sequential(stem, *stages), widths[-1])
