"""ResNet-18 in the form that the MedMNIST benchmark uses for 28 pixels, at any width."""

from typing import final

from torch import Tensor, nn

from trainables.models.body import Body, Shape
from trainables.models.cnn import conv_norm_relu

LARGE = 64  # from more pixels than this on, the ImageNet stem: 7x7 stride 2 and max pooling


@final
class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut [resnet]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            conv_norm_relu(inputs, outputs, stride),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, inputs, h, w) to (N, outputs, h / stride, w / stride)."""
        summed: Tensor = self.relu(self.residual(maps) + self.shortcut(maps))
        return summed


def build_resnet18(channels: int, shape: Shape, width: int) -> Body:
    """Build a ResNet-18 without its last layer [resnet].

    Up to 64 pixels the stem is one 3x3 convolution without pooling, as in the MedMNIST benchmark at
    28 pixels; above, it is the ImageNet stem. At 28 pixels, one channel and two classes, width 64
    has 11.17 million parameters, as methods measured for the benchmark's own code.

    Args:
        channels: Image channels.
        shape: Height and width in pixels.
        width: Maps of the first stage; the four stages have 1, 2, 4 and 8 times as many.
    """
    if min(shape) > LARGE:
        stem = conv_norm_relu(channels, width, stride=2, kernel=7)
        stem.append(nn.MaxPool2d(3, 2, 1))
    else:
        stem = conv_norm_relu(channels, width)
    widths = [width, width, 2 * width, 4 * width, 8 * width]
    stages: list[nn.Module] = []
    for stage in range(4):
        stride = 1 if stage == 0 else 2
        stages.append(BasicBlock(widths[stage], widths[stage + 1], stride))
        stages.append(BasicBlock(widths[stage + 1], widths[stage + 1], 1))
    return Body(nn.Sequential(stem, *stages), widths[-1])
