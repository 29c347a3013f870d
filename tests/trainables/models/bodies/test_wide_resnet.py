"""Wide ResNets: parameters, a block worked by hand, and every parameter in use."""

import pytest
import torch
from torch import nn

from trainables.models.bodies.wide_resnet import WideBlock, build_wide_resnet
from trainables.models.classifiers import build_classifier


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("wrn-16-8", 10_956_978), ("wrn-16-4", 2_746_546), ("wrn-16-2", 690_354)],
)
def test_parameters(name, parameters):
    with torch.device("meta"):
        classifier = build_classifier(name, 1, (28, 28), n_classes=2)
    assert sum(parameter.numel() for parameter in classifier.parameters()) == parameters


def test_a_block_of_ones_is_the_one_worked_by_hand():
    """One map of ones, all weights one: 1 by the shortcut, and the sum of 9 sums of 9."""
    block = WideBlock(1, 1, stride=1).eval()
    for module in block.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.ones_(module.weight)
    maps = block(torch.ones(1, 1, 7, 7)).detach()
    assert maps[0, 0, 3, 3].item() == pytest.approx(1 + 81, rel=1e-3)
    corner = 4 + 6 + 6 + 9  # what the first convolution gives around the corner
    assert maps[0, 0, 0, 0].item() == pytest.approx(1 + corner, rel=1e-3)


@pytest.mark.parametrize(("outputs", "stride"), [(4, 2), (8, 1), (8, 2)])
def test_where_the_shape_changes_the_shortcut_starts_from_the_normalised_maps(outputs, stride):
    maps = torch.randn(2, 4, 6, 6)
    block = WideBlock(4, outputs, stride).eval()
    nn.init.zeros_(block.residual[-1].weight)
    assert torch.equal(block(maps), block.shortcut(block.activate(maps)))
    assert block(maps).shape == (2, outputs, 6 // stride, 6 // stride)


def test_where_it_does_not_the_shortcut_is_the_input():
    maps = torch.randn(2, 4, 6, 6)
    block = WideBlock(4, 4, 1).eval()
    nn.init.zeros_(block.residual[-1].weight)
    assert torch.equal(block(maps), maps)


@pytest.mark.parametrize(("shape", "last"), [((28, 28), 7), ((64, 64), 16), ((12, 12, 12), 3)])
def test_every_parameter_takes_part(shape, last):
    body = build_wide_resnet(2, shape, depth=10, width=1)
    maps = body(torch.rand(2, 2, *shape))
    assert maps.shape == (2, 64, *[last] * len(shape))
    maps.square().sum().backward()
    assert all(parameter.grad.any() for parameter in body.parameters())


@pytest.mark.parametrize("depth", [4, 15, 17])
def test_a_depth_that_does_not_exist_is_refused(depth):
    with pytest.raises(ValueError, match="depth"):
        build_wide_resnet(1, (28, 28), depth=depth, width=1)
