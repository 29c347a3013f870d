"""A model must answer the same images alike, or attacks and scores measure chance."""

import torch
from torch import Tensor, nn

from trainables.models.modes import frozen

REPEATS = 4  # a random choice among few may repeat itself once
TOLERANCE = 1e-4  # of the spread of the outputs; sums on a GPU may differ by their order
ROUNDINGS = 8  # of the greatest output, by which sums may differ as well


class UnsteadyError(ValueError):
    """A model answers the same images differently."""


def require_steady(model: nn.Module, images: Tensor) -> None:
    """Refuse a model whose answers to the same images differ.

    Noise, dropout or a random resize in the forward pass makes attacks fail by chance: the gradient
    belongs to an answer that is not given again. Such a model has no robustness that could be
    measured by one attack, and must be attacked in expectation [obfuscated].

    Args:
        model: Maps images to outputs (n, ...); asked in eval mode.
        images: (n, C, ...).

    Raises:
        UnsteadyError: If an output differs by more than `TOLERANCE` of what tells the images
            apart. What is added to all outputs hides nothing.
    """
    with frozen(model), torch.no_grad():
        first = model(images)
        change = max(float((first - model(images)).abs().max()) for _ in range(REPEATS))
    middle = first.mean(dim=0) if len(first) > 1 else first.mean()
    spread, greatest = float((first - middle).abs().max()), float(first.abs().max())
    if change > TOLERANCE * spread + ROUNDINGS * torch.finfo(first.dtype).eps * greatest:
        raise UnsteadyError(
            f"the model answers the same images differently, by up to {change:.2g}: its answers "
            "are random, so no attack can measure it"
        )
