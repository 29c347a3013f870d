"""What an attack drives up: one number an image, from logits and labels or an image and its target.

The two likelihood losses are written so that their gradients keep their direction however confident
the network is. The usual ``softmax - one_hot`` rounds to 0 at the image's own class once the margin
passes 17 in single precision, and a sign attack then follows half a gradient: a network would look
robust for being confident.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from trainables.data.task import Task

# (logits (N, K), labels), or (prediction, target) both (N, ...), -> (N,); to be maximised by an
# attack, minimised in training.
Loss = Callable[[Tensor, Tensor], Tensor]


_LEAST_SPREAD = 1e-12  # of logits that are all the same


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute -log softmax(z)_y = softplus(log sum_{j != y} exp(z_j) - z_y).

    Args:
        logits: (N, K), K at least 2.
        labels: int64 (N,).

    Returns:
        (N,), in nats.
    """
    own, others = _split(logits, labels)
    return functional.softplus(others.logsumexp(dim=1) - own)


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute the mean over labels of -log sigmoid(z) or -log(1 - sigmoid(z)).

    Args:
        logits: (N, L).
        labels: 0 or 1, (N, L).

    Returns:
        (N,), in nats.
    """
    return functional.softplus(_signed(logits, labels)).mean(dim=1)


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute max_{j != y} z_j - z_y, positive where the image is misclassified.

    For multi-label data each label is a choice between logits 0 and z; the margins are averaged
    over labels.

    Args:
        logits: (N, K), K at least 2; or (N, L).
        labels: int64 (N,); or 0 and 1, (N, L).

    Returns:
        (N,).
    """
    if labels.ndim == 2:
        return _signed(logits, labels).mean(dim=1)
    own, others = _split(logits, labels)
    return others.amax(dim=1) - own


def lead(classes: Tensor) -> Loss:
    """Make the loss z_t - z_y: of each image, how far one class lies ahead of its own.

    Args:
        classes: int64 (N,), the class t of each image; as many as the logits given later.
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        ahead = logits.gather(1, classes[:, None]) - logits.gather(1, labels[:, None])
        return ahead.squeeze(1)

    return loss


def towards(classes: Tensor) -> Loss:
    """Make the loss that prefers, of each image, one class to its own.

    With at least four classes the targeted difference of logits ratio of AutoAttack
    (z_t - z_y) / (z_(1) - (z_(3) + z_(4)) / 2), z_(k) being the k-th greatest, which no scaling of
    the logits changes [apgd, equation 7]. With fewer there is no z_(4): `lead`, whose gradient
    has a sign at any scale.

    Args:
        classes: As for `lead`.
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        ahead = lead(classes)(logits, labels)
        if logits.shape[1] < 4:
            return ahead
        first, _, third, fourth = logits.topk(4, dim=1).values.unbind(dim=1)
        return ahead / (first - (third + fourth) / 2).clamp_min(_LEAST_SPREAD)

    return loss


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Compute the squared error, averaged over the pixels of each image.

    Args:
        prediction: (N, 1, H, W), or of any other shape (N, ...).
        target: Of the same shape.

    Returns:
        (N,), in the square of the target's unit.

    Raises:
        ValueError: If the shapes differ: broadcast, they would compare images with each other's.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction is {tuple(prediction.shape)}, its target {tuple(target.shape)}"
        )
    return (prediction - target).square().flatten(1).mean(dim=1)


def misclassified(logits: Tensor, labels: Tensor) -> Tensor:
    """Tell which images have another class than their own on top.

    Returns:
        bool (N,); False throughout where there is no one answer: for multi-label data, labels
        (N, L), and for regression, targets (N, ...).
    """
    if labels.ndim > 1:
        return torch.zeros(len(labels), dtype=torch.bool, device=labels.device)
    return logits.argmax(dim=1) != labels


def rivals(logits: Tensor, labels: Tensor, most: int) -> Tensor:
    """Return the likeliest other classes, the likeliest first: int64 (min(K - 1, most), N)."""
    _, others = _split(logits, labels)
    return others.topk(min(logits.shape[1] - 1, most), dim=1).indices.T


def likelihood_loss(task: Task) -> Loss:
    """Return a task's negative log-likelihood, which training minimises and attacks maximise."""
    return binary_cross_entropy if task == "multi-label" else cross_entropy


def _split(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Split logits into the own class's, (N,), and the others', (N, K) with -inf at the own."""
    index = labels[:, None]
    own = logits.gather(1, index).squeeze(1)
    return own, logits.scatter(1, index, -torch.inf)


def _signed(logits: Tensor, labels: Tensor) -> Tensor:
    return logits * (1 - 2 * labels.to(logits.dtype))
