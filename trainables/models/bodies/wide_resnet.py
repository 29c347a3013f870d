"""Wide residual networks: normalisation before each convolution, few blocks, many maps [wrn]."""

from functools import partial
from typing import final

from torch import Tensor, nn

from trainables.models.bodies.body import Body, Shape
from trainables.models.bodies.convolution import NORMS, Kind, convolution

STEM = 16  # maps of the first convolution
STRIDES = (1, 2, 2)  # of the three groups


@final
class WideBlock(nn.Module):
    """Two 3x3 convolutions, each after normalisation and ReLU, and a shortcut [wrn, figure 1].

    Where the shape changes, the shortcut is a 1x1 convolution of the normalised maps.

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
        self.activate = nn.Sequential(norm(inputs), nn.ReLU(inplace=True))
        self.residual = nn.Sequential(
            layer(inputs, outputs, 3, stride),
            norm(outputs),
            nn.ReLU(inplace=True),
            layer(outputs, outputs, 3, 1),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = None if same else layer(inputs, outputs, 1, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, inputs, *shape) to (N, outputs, *shape / stride)."""
        active: Tensor = self.activate(maps)
        direct: Tensor = maps if self.shortcut is None else self.shortcut(active)
        summed: Tensor = direct + self.residual(active)
        return summed


def build_wide_resnet(
    channels: int, shape: Shape, *, depth: int, width: int, kind: Kind = "3d"
) -> Body:
    """Build a WRN-depth-width without its last layer [wrn].

    Every parameter is used; the code of TRADES carries a block that is not. Its pooling over 8x8
    maps would break at 28 pixels, where they are 7x7: here pooling is global. WRN-16-8 with one
    channel and two classes has 10.96 million parameters, WRN-16-2 0.69 million.

    Args:
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
        depth: Convolutions, 4 more than a multiple of 6.
        width: Factor of the maps of the three groups, 16, 32 and 64.
        kind: How volumes are convolved.

    Raises:
        ValueError: If there is no such depth.
    """
    blocks, rest = divmod(depth - 4, 6)
    if rest or blocks < 1:
        raise ValueError(f"a wide ResNet of depth {depth}: expected 4 more than a multiple of 6")
    dimensions = len(shape)
    layers: list[nn.Module] = [convolution(channels, STEM, 3, 1, dimensions=dimensions, kind=kind)]
    inputs = STEM
    for group, stride in enumerate(STRIDES):
        outputs = STEM * 2**group * width
        for block in range(blocks):
            step = stride if block == 0 else 1
            layers.append(WideBlock(inputs, outputs, step, dimensions, kind))
            inputs = outputs
    layers += [NORMS[dimensions](inputs), nn.ReLU(inplace=True)]
    body = Body(nn.Sequential(*layers), inputs)
    for module in body.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return body
