"""Scores of a model under one attack, over a grid of radii."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack
from trainables.attacks.threat import pixels
from trainables.data.task import Task
from trainables.metrics.classification import correct, scores
from trainables.metrics.curve import area
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats32, Floats64, Mask

PREDICTION_FACTOR = 2  # of an attack's batch size: prediction keeps no gradients in memory


@final
@dataclass(frozen=True, eq=False)
class RobustReport:
    """Probabilities on attacked images, from which every score is computed.

    Attributes:
        task: What the labels mean.
        eps: The E radii, increasing, in pixels of [0, 1].
        probabilities: float32 (E, N, K); softmax, for multi-label data sigmoid.
        labels: int64 (N,), or (N, L) for multi-label data.
    """

    task: Task
    eps: tuple[float, ...]
    probabilities: Floats32
    labels: npt.NDArray[np.int64]

    @property
    def correct(self) -> Mask:
        """Whether each answer is right: (E, N), or (E, N, L) for multi-label data."""
        return np.stack(
            [correct(self.task, answers, self.labels) for answers in self.probabilities]
        )

    def curve(self, score: str) -> Floats64:
        """Compute ``acc``, ``bacc`` or ``auc`` at every radius, (E,)."""
        rows = (scores(self.task, answers, self.labels) for answers in self.probabilities)
        return np.array([row[score] for row in rows])

    def area(self, score: str) -> float:
        """Compute the area under a score's curve, normalised by the range of radii."""
        return area(self.eps, self.curve(score))


def predict(model: nn.Module, images: Tensor, task: Task, batch_size: int = 512) -> Tensor:
    """Compute probabilities in eval mode, without gradients.

    Args:
        model: Maps images to logits (N, K).
        images: (N, C, ...).
        task: Multi-label data take a sigmoid for each label, all other data a softmax.
        batch_size: Images at a time.

    Returns:
        float32 (N, K), on the device of the images.
    """
    return to_probabilities(predict_logits(model, images, batch_size), task)


def predict_logits(model: nn.Module, images: Tensor, batch_size: int = 512) -> Tensor:
    """Compute logits in eval mode, without gradients.

    Args:
        model: Maps images to logits (N, K).
        images: (N, C, ...).
        batch_size: Images at a time.

    Returns:
        float32 (N, K), on the device of the images.
    """
    with frozen(model), torch.no_grad():
        return torch.cat([model(batch).float() for batch in torch.split(images, batch_size)])


def to_probabilities(logits: Tensor, task: Task) -> Tensor:
    """Turn logits into probabilities: a sigmoid for each label, or a softmax over classes."""
    return logits.sigmoid() if task == "multi-label" else logits.softmax(dim=1)


def check_radii(eps: Sequence[float]) -> None:
    """Refuse a grid of radii that does not increase.

    Raises:
        ValueError: If there is no radius, or one is not above the one before.
    """
    if len(eps) == 0 or any(second <= first for first, second in pairwise(eps)):
        raise ValueError(f"radii are {tuple(eps)}, expected increasing ones")


def evaluate(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    task: Task,
    attack: Attack,
    eps: Sequence[float],
    *,
    seed: int,
    skip_broken: bool = False,
) -> RobustReport:
    """Attack images at every radius of a grid.

    Args:
        model: Maps images to logits (N, K).
        images: Floating, in [0, 1], (N, C, ...).
        labels: int64 (N,), or (N, L) for multi-label data; on the device of the images.
        task: What the labels mean.
        attack: The attack that runs at every radius.
        eps: Increasing radii, in pixels of [0, 1]; at 0 no attack runs.
        seed: Of the attack; random starts are the same at every radius, up to the scale.
        skip_broken: Do not attack a misclassified image again at greater radii, which allow the
            same change; its answer is kept. This saves much time. Accuracies can only get lower,
            and never rise with eps; AUC comes out higher than under a full attack. No effect on
            multi-label data.

    Raises:
        ValueError: If the radii do not increase, or images or labels are not as described.
        FloatingPointError: If the model gives losses that are not finite.
    """
    check_radii(eps)
    skip = skip_broken and task != "multi-label"
    batch_size = PREDICTION_FACTOR * attack.batch_size
    current = predict(model, images, task, batch_size)
    curve = []
    for radius in eps:
        rows = torch.arange(len(images), device=images.device)
        if skip:
            rows = torch.nonzero(current.argmax(dim=1) == labels).squeeze(1)
        if radius > 0 and len(rows) > 0:
            threat = pixels(radius)
            adversarials = attack(model, images[rows], labels[rows], threat, seed, positions=rows)
            answers = predict(model, adversarials, task, batch_size)
            current = current.index_copy(0, rows, answers)
        curve.append(current)
    return RobustReport(
        task=task,
        eps=tuple(float(radius) for radius in eps),
        probabilities=torch.stack(curve).cpu().numpy(),
        labels=labels.cpu().numpy(),
    )
