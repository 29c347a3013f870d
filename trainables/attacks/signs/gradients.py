"""What the outputs of a model and their gradients say of the attacks that follow them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.losses.likelihood import margin
from trainables.models.modes import frozen

LEAST_REACH = 0.01  # of what is at stake, which an image's gradient must reach


def vanishing(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Find the images whose gradient says that no change could matter.

    The margin changes by at most the sum of the gradient's absolute values, to first order, if
    every pixel moves by the whole range of [0, 1]. Where this is less than a hundredth of the
    margin, the gradient denies what any other image proves: it is zero, or next to it. The scale of
    the logits does not matter.

    Args:
        model: Maps images to logits (n, K).
        images: In [0, 1], (n, C, ...).
        labels: int64 (n,).

    Returns:
        bool (n,).
    """
    margins, reached = reach(model, images, lambda logits: margin(logits, labels.clone()))
    return denied(reached, margins.abs())


def denied(reached: Tensor, stake: Tensor) -> Tensor:
    """Find where a gradient reaches less than a hundredth of what is at stake, or is not finite.

    Args:
        reached: By each image's gradient, (n,).
        stake: By how much an honest model's score could change at least, (n,).

    Returns:
        bool (n,).
    """
    return (reached <= LEAST_REACH * stake) | ~reached.isfinite()


def reach(
    model: nn.Module, images: Tensor, score: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Score a model's outputs, and sum the absolute values of the gradient of each image's score.

    The sum is by how much the score changes, to first order, if every pixel moves by 1, up or down.

    Args:
        model: Maps images to outputs (n, ...).
        images: (n, C, ...).
        score: Maps outputs to one number an image, (n,).

    Returns:
        The scores and the sums, (n,) each.
    """
    with frozen(model), torch.inference_mode(mode=False), torch.enable_grad():
        variable = images.detach().clone().requires_grad_()
        scores = score(model(variable))
        (gradient,) = torch.autograd.grad(scores.sum(), variable)
    return scores.detach(), gradient.abs().flatten(1).sum(dim=1)


def rounding(logits: Tensor) -> float:
    """Compute how large the rounding of single precision is beside what tells images apart.

    Args:
        logits: (n, K), K at least 2.

    Returns:
        The rounding of the greatest logit, divided by the standard deviation over images of the
        differences between logits; infinite where all images get the same.
    """
    differences = (logits.double() - logits[:, :1].double())[:, 1:]
    spread = float(differences.std(dim=0, correction=0).max())
    unit = torch.finfo(torch.float32).eps / 2 * float(logits.abs().max())
    return unit / spread if spread > 0 else float("inf")
