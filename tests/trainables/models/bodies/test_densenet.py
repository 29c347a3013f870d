"""DenseNet's growth by hand."""

import pytest
import torch
from torch import nn

from trainables.models.bodies.densenet import DenseLayer, build_densenet, norm_relu_conv


def test_a_layer_appends_its_maps_to_what_it_was_passed():
    layer = DenseLayer(6, growth=4).eval()
    maps = torch.randn(2, 6, 5, 5)
    output = layer(maps)
    assert output.shape == (2, 10, 5, 5)
    assert torch.equal(output[:, :6], maps)
    assert torch.equal(output[:, 6:], layer.new(maps))


@pytest.mark.parametrize(("side", "blocks", "last"), [(28, 3, 7), (64, 4, 8), (14, 3, 3)])
def test_each_block_grows_by_its_layers_and_each_transition_halves(side, blocks, last):
    growth, layers = 4, 2
    features = 2 * growth
    for block in range(blocks):
        features = (features if block == 0 else features // 2) + layers * growth
    body = build_densenet(1, (side, side), growth, layers)
    assert sum(isinstance(layer, DenseLayer) for layer in body.layers) == blocks * layers
    assert sum(isinstance(layer, nn.AvgPool2d) for layer in body.layers) == blocks - 1
    assert body(torch.zeros(2, 1, side, side)).shape == (2, features, last, last)
    assert body.n_features == features


def test_normalisation_and_rectifier_come_before_the_convolution():
    stack = norm_relu_conv(3, 8, kernel=3).eval()
    dark = torch.full((1, 3, 6, 6), -1.0)
    # Nothing passes the rectifier, and the convolution has no bias.
    assert float(stack(dark).detach().abs().max()) == 0
