"""What discriminator and generator minimise, and penalties on the discriminator's gradient."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Score = Callable[[Tensor], Tensor]
"""Images (N, C, H, W) -> how real each looks, (N,)."""

TINY = 1e-12  # added to a squared norm, whose root has no gradient at 0


class Losses(NamedTuple):
    """The two sides of a game.

    Attributes:
        discriminator: Of the scores of real and of generated images, (N,) each: a number.
        generator: Of the scores of generated images, (N,): a number.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Compute the cross-entropy of telling generated images from real ones [gan]."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def bce_generator(fake: Tensor) -> Tensor:
    """Compute the non-saturating loss, -log of the probability to pass for real [gan]."""
    return functional.softplus(-fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Compute how far scores are from 1 and more, or -1 and less [geometricgan]."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Compute the difference of mean scores, generated less real [wgangp]."""
    return fake.mean() - real.mean()


def minus_mean(fake: Tensor) -> Tensor:
    """Compute the mean score with its sign changed."""
    return -fake.mean()


LOSSES: Mapping[str, Losses] = {
    "bce": Losses(bce_discriminator, bce_generator),
    "hinge": Losses(hinge_discriminator, minus_mean),
    "wasserstein": Losses(wasserstein_discriminator, minus_mean),
}


def gradient_penalty(score: Score, real: Tensor, fake: Tensor, mixture: Tensor) -> Tensor:
    """Compute the mean of (norm of the gradient - 1)^2 between real and generated images [wgangp].

    Statistics over a batch would let one image change another's score, and the penalty would be of
    neither: a discriminator with batch normalisation must not be penalised.

    Args:
        score: Of each image alone.
        real: Images (N, C, H, W).
        fake: As many.
        mixture: The share of the real image, (N,), in [0, 1].
    """
    share = mixture.view(-1, 1, 1, 1)
    between = share * real.detach() + (1 - share) * fake.detach()
    norms = (_squared_norms(score, between) + TINY).sqrt()
    return (norms - 1).square().mean()


def r1_penalty(score: Score, real: Tensor) -> Tensor:
    """Compute the mean squared norm of the gradient at real images (N, C, H, W) [r1]."""
    return _squared_norms(score, real.detach()).mean()


def _squared_norms(score: Score, images: Tensor) -> Tensor:
    """Return the squared norm of each image's gradient, (N,), which can be differentiated."""
    inputs = images.requires_grad_()
    (gradients,) = torch.autograd.grad(score(inputs).sum(), inputs, create_graph=True)
    squared: Tensor = gradients.flatten(1).square().sum(dim=1)
    return squared
