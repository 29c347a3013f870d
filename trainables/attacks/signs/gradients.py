"""What the logits of a classifier and their gradients say of the attacks that follow them."""

import torch
from torch import Tensor, nn

from trainables.losses.likelihood import margin
from trainables.models.modes import frozen

LEAST_REACH = 0.01  # of its margin, which an image's gradient must reach over all of [0, 1]


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
    with frozen(model), torch.inference_mode(mode=False), torch.enable_grad():
        variable = images.detach().clone().requires_grad_()
        margins = margin(model(variable), labels.clone())
        (gradient,) = torch.autograd.grad(margins.sum(), variable)
    reach = gradient.abs().flatten(1).sum(dim=1)
    return (reach <= LEAST_REACH * margins.detach().abs()) | ~reach.isfinite()


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
