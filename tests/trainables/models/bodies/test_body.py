"""The layers of a classifier answer as the layers do, and keep their names in a file."""

import torch
from torch import nn

from trainables.models.bodies.body import Body


def test_it_is_its_layers_in_a_row():
    layers = nn.Sequential(nn.Conv3d(1, 4, 3), nn.ReLU())
    body = Body(layers, 4)
    volumes = torch.rand(2, 1, 5, 6, 7)
    assert torch.equal(body(volumes), layers(volumes))
    assert body(volumes).shape == (2, body.n_features, 3, 4, 5)


def test_weights_have_the_names_that_saved_models_have():
    body = Body(nn.Sequential(nn.Conv2d(1, 2, 1)), 2)
    assert list(body.state_dict()) == ["layers.0.weight", "layers.0.bias"]
