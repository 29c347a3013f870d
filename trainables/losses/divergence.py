"""TRADES: cross-entropy on clean images, and how far attacked ones move the answer [trades]."""

from torch import Tensor
from torch.nn import functional

from trainables.losses.likelihood import cross_entropy


def divergence(logits: Tensor, clean: Tensor) -> Tensor:
    """Compute KL(p || q) = sum_k p_k (log p_k - log q_k), p of the clean and q of other logits.

    The clean answer comes first: with exchanged arguments it is another loss. Gradients flow into
    both. As a `Loss` of an attack, the clean logits stand in place of labels.

    Args:
        logits: Of changed images, (N, K).
        clean: Of the same images unchanged, (N, K).

    Returns:
        (N,), in nats: the sum over classes, not their mean.
    """
    log_p, log_q = functional.log_softmax(clean, dim=1), functional.log_softmax(logits, dim=1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=1)


def trades(clean: Tensor, attacked: Tensor, labels: Tensor, beta: float) -> Tensor:
    """Compute the cross-entropy of clean images plus beta times their divergence under attack.

    Args:
        clean: Logits of clean images, (N, K).
        attacked: Logits of the same images under attack, (N, K).
        labels: int64 (N,).
        beta: At least 0.

    Returns:
        (N,).
    """
    return cross_entropy(clean, labels) + beta * divergence(attacked, clean)
