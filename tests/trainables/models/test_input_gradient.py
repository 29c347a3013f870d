"""The gradient by the images: of networks that have one, and of those that have none."""

import pytest
import torch
from torch import nn

from trainables.models.input_gradient import input_gradient

NETWORK = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))


def test_it_is_that_of_the_sum():
    images = torch.rand(3, 1, 2, 2, requires_grad=True)
    expected = NETWORK[1].weight.sum(dim=0).view(1, 1, 2, 2).expand(3, 1, 2, 2)
    torch.testing.assert_close(input_gradient(NETWORK(images), images), expected)


@pytest.mark.parametrize("trains", [True, False])
def test_of_thresholds_it_is_zero(trains):
    """Whether the weights ask for a gradient or not: as an attack sees them, they do not."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).requires_grad_(trains)
    images = torch.rand(3, 1, 2, 2, requires_grad=True)
    gradient = input_gradient(network((images > 0.5).float()), images)
    assert gradient.shape == images.shape
    assert not gradient.any()
