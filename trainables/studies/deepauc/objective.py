"""Scores and losses of a task: one column for each class or label that is ranked."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from trainables.classification.learner import Lesson
from trainables.data.task import Task
from trainables.losses.rank_losses import (
    AveragePrecision,
    Pairwise,
    PartialAUC,
    RankLoss,
    SmoothPartialAUC,
)
from trainables.studies.deepauc.settings import DeepAUCConfig


@dataclass(frozen=True, eq=False)
class Columns:
    """What is ranked: the last class of two, each of several classes against the rest, each label.

    Attributes:
        task: What the labels mean.
        targets: Which training images are positive, bool (n, L).
    """

    task: Task
    targets: Tensor

    def scores(self, logits: Tensor) -> Tensor:
        """Turn logits (N, K) into scores in [0, 1], (N, L)."""
        if self.task == "multi-label":
            return logits.sigmoid()
        if logits.shape[1] == 2:
            return (logits[:, 1:] - logits[:, :1]).sigmoid()
        return logits.softmax(dim=1)


def columns_of(lesson: Lesson) -> Columns:
    """Return the columns of a lesson's task, with its training images sorted into them."""
    labels, n_classes = lesson.train.labels, lesson.classifier.head.out_features
    if lesson.multi_label:
        return Columns(lesson.task, labels.bool())
    targets = functional.one_hot(labels, n_classes).bool()
    return Columns(lesson.task, targets[:, 1:] if n_classes == 2 else targets)


def class_weights(labels: Tensor) -> Tensor:
    """Weight the labels of training images so that both values, or all classes, weigh the same.

    Args:
        labels: int64 (n,), or 0 and 1, (n, L).

    Returns:
        Of the labels' shape, with a mean of 1 in each column whose values all occur.
    """
    if labels.ndim == 2:
        shares = labels.float().mean(dim=0)
        of_label = torch.where(labels > 0, shares, 1 - shares)
        return 0.5 / of_label
    counts = labels.bincount()
    return len(labels) / ((counts > 0).sum() * counts[labels].float())


def balanced_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Compute cross-entropy with a weight for each label, (N,).

    Args:
        logits: (N, K).
        labels: int64 (N,), or 0 and 1, (N, L).
        weights: Of `class_weights`, for these images.
    """
    if labels.ndim == 2:
        losses = functional.binary_cross_entropy_with_logits(
            logits, labels.float(), weights, reduction="none"
        )
        return losses.mean(dim=1)
    return weights * functional.cross_entropy(logits, labels, reduction="none")


def build_rank_loss(config: DeepAUCConfig, targets: Tensor) -> RankLoss:
    """Build the surrogate that a config names.

    Args:
        config: Of the trial; its loss is one of the four without a saddle.
        targets: Of all training images, bool (n, L).
    """
    sizes: tuple[int, int] = (targets.shape[0], targets.shape[1])
    device: torch.device = targets.device
    match config.loss:
        case "pairwise":
            return Pairwise(config.margin, config.surrogate)
        case "ap":
            return AveragePrecision(*sizes, config.margin, config.gamma, device)
        case "pauc":
            return PartialAUC(*sizes, config.margin, config.share, config.eta, device)
        case "pauc_kl":
            temperature, gamma = config.temperature, config.kl_gamma
            return SmoothPartialAUC(*sizes, config.margin, temperature, gamma, device)
        case loss:
            raise ValueError(f"{loss} is no surrogate of an order without a saddle")
