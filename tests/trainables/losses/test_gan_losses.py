"""Losses by hand, and penalties against closed forms of discriminators whose gradient is known."""

import math

import pytest
import torch
from torch import nn

from trainables.losses.gan_losses import LOSSES, gradient_penalty, r1_penalty

REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.5])


def softplus(value):
    return math.log1p(math.exp(value))


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        (
            "bce",
            (softplus(-2) + softplus(-0.5)) / 2 + (softplus(-2) + softplus(0.5)) / 2,
            (softplus(2) + softplus(-0.5)) / 2,
        ),
        ("hinge", (0 + 0.5) / 2 + (0 + 1.5) / 2, 0.75),
        ("wasserstein", -0.75 - 1.25, 0.75),
    ],
)
def test_losses_are_those_of_the_papers(name, discriminator, generator):
    losses = LOSSES[name]
    assert float(losses.discriminator(REAL, FAKE)) == pytest.approx(discriminator)
    assert float(losses.generator(FAKE)) == pytest.approx(generator)


def quadratic(images):
    """Score by half the squared length, whose gradient is the image itself."""
    return images.flatten(1).square().sum(dim=1) / 2


def test_the_penalty_is_taken_between_the_images():
    """A linear score would not tell where: a quadratic one does."""
    real, fake = torch.zeros(2, 1, 1, 2), torch.zeros(2, 1, 1, 2)
    real[:, 0, 0, 0], fake[:, 0, 0, 0] = 4.0, 1.0
    share = torch.tensor([0.0, 0.5])  # of the real image: lengths 1 and 2.5
    value = gradient_penalty(quadratic, real, fake, share)
    assert float(value.detach()) == pytest.approx(((1 - 1) ** 2 + (2.5 - 1) ** 2) / 2)


def test_r1_is_the_squared_gradient_at_real_images():
    real = torch.tensor([[3.0, 4.0], [1.0, 0.0]]).view(2, 1, 1, 2)
    assert float(r1_penalty(quadratic, real).detach()) == pytest.approx((25 + 1) / 2)


def test_penalties_train_the_discriminator():
    layer = nn.Linear(2, 1)

    def score(images):
        return layer(images.flatten(1)).squeeze(1)

    images = torch.rand(3, 1, 1, 2)
    r1_penalty(score, images).backward()
    assert torch.allclose(layer.weight.grad, 2 * layer.weight.detach())


def test_a_flat_discriminator_gives_no_nan():
    layer = nn.Linear(2, 1)
    nn.init.zeros_(layer.weight)

    def score(images):
        return layer(images.flatten(1)).squeeze(1)

    images = torch.rand(3, 1, 1, 2)
    gradient_penalty(score, images, images, torch.rand(3)).backward()
    assert torch.isfinite(layer.weight.grad).all()
