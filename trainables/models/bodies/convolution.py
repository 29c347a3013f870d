"""Convolutions of images and volumes: 2-D, 3-D, and two ways between them."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

Kind = Literal["3d", "2.5d", "acs"]
"""How volumes are convolved; images always in 2-D.

``3d``: cubes. ``2.5d``: squares, each slice apart; slices meet by strides and pooling alone.
``acs``: a third of the maps convolves axial squares, one coronal, one sagittal [acs].
"""

NORMS: dict[int, type[nn.Module]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
POOLS: dict[int, type[nn.Module]] = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
_AXES = 3  # of a volume


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int, *, dimensions: int, kind: Kind = "3d"
) -> nn.Module:
    """Build a convolution without bias that keeps the size, up to its stride.

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave.
        kernel: Side of the kernel, odd.
        stride: By which every side is divided.
        dimensions: 2 for images, 3 for volumes.
        kind: Of volumes.
    """
    padding = kernel // 2
    if dimensions == 2:
        return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    if kind == "3d":
        return nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)
    if kind == "2.5d":
        sides, margins = (1, kernel, kernel), (0, padding, padding)
        return nn.Conv3d(inputs, outputs, sides, stride, margins, bias=False)
    return ACSConvolution(inputs, outputs, kernel, stride)


@final
class ACSConvolution(nn.Module):
    """A 2-D kernel whose maps are divided among the three planes of a volume [acs].

    It has the parameters of the 2-D convolution, so that those of a 2-D network fit. Where the maps
    are no multiple of three, the axial part takes the first of the rest, the coronal the second.

    Args:
        inputs: Maps that enter.
        outputs: Maps that leave, at least 3.
        kernel: Side of the kernel, odd.
        stride: By which every side is divided.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        plane = nn.Conv2d(inputs, outputs, kernel, bias=False)
        self.weight = plane.weight
        self.kernel, self.stride = kernel, stride
        share, rest = divmod(outputs, _AXES)
        self.parts = [share + (axis < rest) for axis in range(_AXES)]

    def forward(self, volumes: Tensor) -> Tensor:
        """Map (N, inputs, D, H, W) to (N, outputs, D / stride, H / stride, W / stride)."""
        maps = []
        for axis, weight in enumerate(self.weight.split(self.parts)):
            padding = [0 if side == axis else self.kernel // 2 for side in range(_AXES)]
            kernel = weight.unsqueeze(2 + axis)
            maps.append(functional.conv3d(volumes, kernel, None, self.stride, padding))
        return torch.cat(maps, dim=1)
