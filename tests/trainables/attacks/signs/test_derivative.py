"""A gradient that is not the derivative is seen, however little of it is wrong."""

import pytest
import torch
from pathology import Sparse
from torch import nn

from trainables.attacks.signs.derivative import contradicted

STEP = 0.6 / 255
SIZE = 10
IMAGES = 0.3 + 0.4 * torch.rand((8, 1, SIZE, SIZE), generator=torch.Generator().manual_seed(0))


class Linear(nn.Module):
    """One logit of random weights, plus a number."""

    def __init__(self, offset=0.0):
        super().__init__()
        random = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn(SIZE * SIZE, generator=random))
        self.offset = offset

    def forward(self, images):
        return (images.flatten(1) @ self.weight)[:, None] + self.offset


class Single(nn.Module):
    """Computes in single precision, whatever it is given."""

    def __init__(self, network):
        super().__init__()
        self.copies = [network]  # no submodule: a copy in double precision does not change it

    def forward(self, images):
        return self.copies[0](images.float()).to(images.dtype)


class Rounded(nn.Module):
    """Rounds its images to grey levels, and passes the gradient on."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images + ((255 * images).round() / 255 - images).detach())


class NoCopy(Linear):
    def __deepcopy__(self, memo):
        raise RuntimeError("no copies")


def signs(model, images=IMAGES):
    return contradicted(model, images, lambda logits: logits[:, 0], STEP, 0)


def deep(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(),
            nn.Flatten(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1),
        ]  # fmt: skip
        return nn.Sequential(*layers)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2, 0.27])
def test_small_entries_that_are_dropped_are_seen(share):
    assert signs(Sparse(Linear(), share)).all()


@pytest.mark.parametrize("network", [Linear(), Linear(1e3), NoCopy(), *map(deep, range(3))])
def test_an_honest_gradient_is_the_derivative(network):
    assert not signs(network).any()


def test_flat_images_have_a_derivative_aside():
    """Where all pixels are equal, a maximum has none."""
    assert not signs(deep(0), torch.full_like(IMAGES, 0.5)).any()


@pytest.mark.parametrize("offset", [1e3, 1e5])
def test_rounding_hides_nothing_from_double_precision(offset):
    assert signs(Sparse(Linear(offset), 0.2)).all()


def test_what_cannot_be_copied_is_looked_at_in_single_precision():
    assert not signs(Single(Linear(10.0))).any()
    assert not signs(NoCopy(1e4)).any()  # rounding excuses
    assert signs(Sparse(Single(Linear()), 0.2)).all()
    assert signs(Sparse(NoCopy(), 0.2)).all()


def test_where_nothing_changes_nothing_is_said():
    grey = (255 * IMAGES).round() / 255
    assert not signs(Rounded(Linear()), grey).any()


def test_the_network_is_left_as_it_was():
    network = Linear()
    signs(Sparse(network, 0.2))
    assert network.weight.dtype == torch.float32
    assert network.weight.requires_grad
    assert network.weight.grad is None
