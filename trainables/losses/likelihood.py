"""Losses that training lowers and attacks raise: one number for each image.

The usual gradient of the cross-entropy, ``softmax - one_hot``, rounds to 0 at the true class once
the margin passes 17 in single precision. The two likelihood losses, which train, keep its direction
up to a margin of 104, beyond which the loss itself is 0. A network would look robust only because
it is confident. So attacks raise `log_odds`, which has the same order and the same direction, and
has a gradient at any margin.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from trainables.data.task import Task

Loss = Callable[[Tensor, Tensor], Tensor]
"""(logits (N, K), labels), or (prediction, target), both (N, ...), -> (N,).

An attack maximises it, training minimises it.
"""

_LEAST_SPREAD = 1e-12  # stands in for the spread of equal logits
_LOG_LINEAR = -17.0  # below it, softplus(v) is exp(v) in single precision


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute -log softmax(z)_y = softplus(log sum_{j != y} exp(z_j) - z_y).

    Args:
        logits: (N, K), K at least 2.
        labels: int64 (N,).

    Returns:
        (N,), in nats.
    """
    truth, rest = _split(logits, labels)
    return functional.softplus(rest.logsumexp(dim=1) - truth)


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute the mean over labels of -log sigmoid(z) or -log(1 - sigmoid(z)).

    Args:
        logits: (N, L).
        labels: 0 or 1, (N, L).

    Returns:
        (N,), in nats.
    """
    return functional.softplus(_signed(logits, labels)).mean(dim=1)


def log_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute the log-odds that the answer is wrong, log sum_{j != y} exp(z_j) - z_y.

    The cross-entropy is softplus of it: both rank images alike, and their gradients have the same
    direction. This one's does not vanish, whatever the scale of the logits. For two classes it is
    the `margin`.

    For multi-label data it is the logarithm of `binary_cross_entropy`, of which the same is true.

    Args:
        logits: (N, K), K at least 2; or (N, L).
        labels: int64 (N,); or 0 and 1, (N, L).

    Returns:
        (N,), positive if the true class has less than half of the probability.
    """
    if labels.ndim == 2:
        return _log_softplus(_signed(logits, labels)).logsumexp(dim=1) - math.log(logits.shape[1])
    truth, rest = _split(logits, labels)
    return rest.logsumexp(dim=1) - truth


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute max_{j != y} z_j - z_y, positive if the image is misclassified.

    For multi-label data each label is a choice between the logits 0 and z, and the margins are
    averaged over labels.

    Args:
        logits: (N, K), K at least 2; or (N, L).
        labels: int64 (N,); or 0 and 1, (N, L).

    Returns:
        (N,).
    """
    if labels.ndim == 2:
        return _signed(logits, labels).mean(dim=1)
    truth, rest = _split(logits, labels)
    return rest.amax(dim=1) - truth


def lead(classes: Tensor) -> Loss:
    """Create the loss z_t - z_y: the lead of a class over the true class, for each image.

    Args:
        classes: int64 (N,), the class t of each image; N is that of the logits.
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        difference = logits.gather(1, classes[:, None]) - logits.gather(1, labels[:, None])
        return difference.squeeze(1)

    return loss


def targeted_loss(classes: Tensor) -> Loss:
    """Create the loss of an attack towards one class for each image.

    With at least four classes it is AutoAttack's targeted difference of logits ratio,
    (z_t - z_y) / (z_(1) - (z_(3) + z_(4)) / 2), where z_(k) is the k-th greatest logit. Scaling the
    logits does not change it [apgd, equation 7]. With fewer classes there is no z_(4), and the loss
    is `lead`, whose gradient has the same sign at any scale.

    Args:
        classes: As for `lead`.
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        difference = lead(classes)(logits, labels)
        if logits.shape[1] < 4:
            return difference
        first, _, third, fourth = logits.topk(4, dim=1).values.unbind(dim=1)
        return difference / (first - (third + fourth) / 2).clamp_min(_LEAST_SPREAD)

    return loss


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Compute the squared error, averaged over the pixels of each image.

    Args:
        prediction: (N, 1, H, W), or of any other shape (N, ...).
        target: Of the same shape.

    Returns:
        (N,), in the square of the target's unit.

    Raises:
        ValueError: If the shapes differ: broadcasting would compare an image with other targets.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction is {tuple(prediction.shape)}, its target {tuple(target.shape)}"
        )
    return (prediction - target).square().flatten(1).mean(dim=1)


def misclassified(logits: Tensor, labels: Tensor) -> Tensor:
    """Return which images have their greatest logit at a wrong class.

    Returns:
        bool (N,); all False for data without a single answer: multi-label data, with labels
        (N, L), and regression, with targets (N, ...).
    """
    if labels.ndim > 1:
        return torch.zeros(len(labels), dtype=torch.bool, device=labels.device)
    return logits.argmax(dim=1) != labels


def rivals(logits: Tensor, labels: Tensor, limit: int) -> Tensor:
    """Return the likeliest wrong classes of each image, the likeliest first.

    Args:
        logits: (N, K), K at least 2.
        labels: int64 (N,).
        limit: Greatest number of classes for each image, at least 1.

    Returns:
        int64 (min(K - 1, limit), N).
    """
    _, rest = _split(logits, labels)
    return rest.topk(min(logits.shape[1] - 1, limit), dim=1).indices.T


def likelihood_loss(task: Task) -> Loss:
    """Return a task's negative log-likelihood, which training minimises."""
    return binary_cross_entropy if task == "multi-label" else cross_entropy


def _split(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Split logits into that of the true class, (N,), and all with -inf in its place, (N, K)."""
    index = labels[:, None]
    truth = logits.gather(1, index).squeeze(1)
    return truth, logits.scatter(1, index, -torch.inf)


def _log_softplus(values: Tensor) -> Tensor:
    """Compute log(log(1 + exp(v))), which is v where exp(v) is lost beside 1."""
    small = values < _LOG_LINEAR
    ordinary = functional.softplus(values.masked_fill(small, 0)).log()
    return torch.where(small, values, ordinary)


def _signed(logits: Tensor, labels: Tensor) -> Tensor:
    return logits * (1 - 2 * labels.to(logits.dtype))
