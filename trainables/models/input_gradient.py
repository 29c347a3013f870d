"""The gradient of scores by the images that a network saw."""

import torch
from torch import Tensor


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
