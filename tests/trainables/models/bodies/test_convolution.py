"""Convolutions of volumes, against torch's own and against each plane by itself."""

import pytest
import torch
from torch import nn

from trainables.models.bodies.convolution import ACSConvolution, convolution

CASES = [(2, "3d"), (3, "3d"), (3, "2.5d"), (3, "acs")]


@pytest.mark.parametrize(("dimensions", "kind"), CASES)
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (7, 2), (1, 2)])
def test_sizes_are_kept_up_to_the_stride(dimensions, kind, kernel, stride):
    layer = convolution(2, 7, kernel, stride, dimensions=dimensions, kind=kind)
    maps = layer(torch.randn(2, 2, *[12, 8, 10][:dimensions]))
    assert maps.shape == (2, 7, *[12 // stride, 8 // stride, 10 // stride][:dimensions])


def test_between_slices_2_5_d_sees_nothing():
    layer = convolution(1, 2, 3, 1, dimensions=3, kind="2.5d")
    volume = torch.randn(1, 1, 5, 6, 6)
    changed = volume.clone()
    changed[:, :, 2] += 1
    difference = (layer(volume) - layer(changed)).detach().abs().amax(dim=(0, 1, 3, 4))
    assert torch.nonzero(difference).flatten().tolist() == [2]


def test_acs_is_three_convolutions_side_by_side():
    layer, volume = ACSConvolution(2, 8, 3, 2), torch.randn(2, 2, 9, 10, 11)
    assert layer.parts == [3, 3, 2]
    expected, first = [], 0
    for axis, part in enumerate(layer.parts):
        sides = [1 if side == axis else 3 for side in range(3)]
        margins = [0 if side == axis else 1 for side in range(3)]
        plane = nn.Conv3d(2, part, sides, 2, margins, bias=False)
        weight = layer.weight[first : first + part]
        plane.weight = nn.Parameter(weight.detach().reshape(plane.weight.shape))
        expected.append(plane(volume))
        first += part
    assert torch.allclose(layer(volume), torch.cat(expected, dim=1), atol=1e-6)


def test_acs_has_the_parameters_of_the_plane():
    layer = convolution(4, 10, 3, 1, dimensions=3, kind="acs")
    plane = convolution(4, 10, 3, 1, dimensions=2)
    shapes = [[tuple(weight.shape) for weight in module.parameters()] for module in (layer, plane)]
    assert shapes[0] == shapes[1]


def test_acs_looks_along_every_axis():
    layer = ACSConvolution(1, 3, 3, 1)
    volume = torch.zeros(1, 1, 5, 5, 5)
    volume[0, 0, 2, 2, 2] = 1
    touched = layer(volume)[0].detach() != 0
    extents = [
        [int(maps.any(dim=axes).sum()) for axes in ((1, 2), (0, 2), (0, 1))] for maps in touched
    ]
    assert extents == [[1, 3, 3], [3, 1, 3], [3, 3, 1]]
