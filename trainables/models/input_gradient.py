"""The gradient of scores by the images that a network saw."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.models.modes import frozen


def input_gradient(scores: Tensor, images: Tensor) -> Tensor:
    """Differentiate the sum of scores by the images.

    A network that compares pixels with thresholds, or detaches them, has no gradient. That is no
    mistake of the caller: attacks see zeros, and the alarms say so.

    Args:
        scores: Any shape.
        images: That require a gradient.

    Returns:
        Of the shape of the images; zeros where the scores do not hang on them.
    """
    if not scores.requires_grad:
        return torch.zeros_like(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images, allow_unused=True)
    return torch.zeros_like(images) if gradient is None else gradient


def gradient_of(
    model: nn.Module, images: Tensor, score: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Score a model's outputs, and differentiate each image's score by its pixels.

    Args:
        model: Maps images to outputs (n, ...); asked in eval mode.
        images: (n, C, ...).
        score: Maps outputs to one number an image, (n,).

    Returns:
        The scores, (n,), and their gradients, of the shape of the images.
    """
    with frozen(model), torch.inference_mode(mode=False), torch.enable_grad():
        variable = images.detach().clone().requires_grad_()
        scores = score(model(variable))
        gradient = input_gradient(scores, variable)
    return scores.detach(), gradient
