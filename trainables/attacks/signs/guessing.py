"""Images that guessing breaks and the gradient does not: the plainest sign of masked gradients."""

import torch
from torch import Tensor, nn

from trainables.attacks.apgd import APGD
from trainables.attacks.square import Square
from trainables.attacks.threat import ThreatModel
from trainables.losses.likelihood import misclassified
from trainables.models.modes import frozen

PROOF = APGD(iterations=50)


def only_guessing(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    threat: ThreatModel,
    *,
    queries: int,
    seed: int,
) -> Tensor:
    """Find images that random squares break and a long climb along the gradient does not.

    On an honest model a short attack by the gradient may miss an image that guessing hits. So what
    guessing breaks is attacked once more, by `PROOF`, before the gradient is blamed.

    Args:
        model: Maps images to logits (n, K).
        images: In the threat model's bounds, (n, C, ...); they withstood a gradient attack.
        labels: int64 (n,).
        threat: The changes that are allowed.
        queries: Squares tried on each image.
        seed: Of both attacks.

    Returns:
        bool (n,).
    """
    guessed = _breaks(model, Square(queries=queries)(model, images, labels, threat, seed), labels)
    rows = torch.nonzero(guessed).squeeze(1)
    if len(rows) == 0:
        return guessed
    climbed = PROOF(model, images[rows], labels[rows], threat, seed, positions=rows)
    return guessed.index_copy(0, rows, ~_breaks(model, climbed, labels[rows]))


def _breaks(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    with frozen(model), torch.no_grad():
        return misclassified(model(images), labels)
