"""ResNet-18: its shortcut, its two stems and its stages."""

import pytest
import torch
from torch import nn

from trainables.models.bodies.resnet import LARGE, BasicBlock, build_resnet18


def silence(block: BasicBlock) -> BasicBlock:
    """Let the residual branch give 0: the last normalisation multiplies by 0."""
    nn.init.zeros_(block.residual[-1].weight)
    return block.eval()


def test_without_its_residual_a_block_is_a_rectifier():
    maps = torch.randn(2, 4, 6, 6)
    block = silence(BasicBlock(4, 4, stride=1))
    assert torch.equal(block(maps), maps.relu())


@pytest.mark.parametrize(("outputs", "stride"), [(4, 2), (8, 1), (8, 2)])
def test_where_the_shape_changes_the_shortcut_is_a_convolution(outputs, stride):
    maps = torch.randn(2, 4, 6, 6)
    block = silence(BasicBlock(4, outputs, stride))
    assert block.shortcut[0].kernel_size == (1, 1)
    assert torch.equal(block(maps), block.shortcut(maps).relu())
    assert block(maps).shape == (2, outputs, 6 // stride, 6 // stride)


@pytest.mark.parametrize(("side", "last"), [(28, 4), (LARGE, 8), (96, 3), (224, 7)])
def test_the_stem_of_imagenet_is_taken_above_64_pixels(side, last):
    body = build_resnet18(1, (side, side), width=2)
    stem = body.layers[0]
    assert stem[0].kernel_size == ((7, 7) if side > LARGE else (3, 3))
    assert any(isinstance(layer, nn.MaxPool2d) for layer in stem) == (side > LARGE)
    assert body.eval()(torch.zeros(1, 1, side, side)).shape == (1, body.n_features, last, last)


def test_stages_double_their_maps():
    body = build_resnet18(1, (28, 28), width=4)
    blocks = [layer for layer in body.layers if isinstance(layer, BasicBlock)]
    widths = [block.residual[1].out_channels for block in blocks]
    assert widths == [4, 4, 8, 8, 16, 16, 32, 32]
    assert body.n_features == 32
