"""What an attack leaves of a model, over a grid of radii."""

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

SEEN = 2  # images are predicted at a time for each that is attacked: no gradient needs memory


@final
@dataclass(frozen=True, eq=False)
class RobustReport:
    """Probabilities on attacked images, from which every score follows.

    Attributes:
        task: What the labels mean.
        eps: The E radii, increasing, in pixels of [0, 1].
        probabilities: float32 (E, N, K); softmax, for multi-label data sigmoid.
        labels: int64 (N,), or (N, L) for multi-label data.
    """

    task: Task
    eps: tuple[float, ...]
    probabilities: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Which answers are right: (E, N), or (E, N, L) for multi-label data."""
        return np.stack([correct(self.task, at, self.labels) for at in self.probabilities])

    def curve(self, score: str) -> npt.NDArray[np.float64]:
        """Compute ``acc``, ``bacc`` or ``auc`` at every radius, (E,)."""
        return np.array([scores(self.task, at, self.labels)[score] for at in self.probabilities])

    def area(self, score: str) -> float:
        """Compute the area under a score's curve, normalised by the range of radii."""
        return area(self.eps, self.curve(score))


def predict(model: nn.Module, images: Tensor, task: Task, batch_size: int = 512) -> Tensor:
    """Compute probabilities in eval mode, without gradients.

    Args:
        model: Maps images to logits (N, K).
        images: (N, C, ...).
        task: Multi-label data get a sigmoid for each label, others a softmax.
        batch_size: Images at a time.

    Returns:
        float32 (N, K), on the device of the images.
    """
    return to_probabilities(predict_logits(model, images, batch_size), task)


def predict_logits(model: nn.Module, images: Tensor, batch_size: int = 512) -> Tensor:
    """Compute logits in eval mode, without gradients: float32 (N, K)."""
    with frozen(model), torch.no_grad():
        return torch.cat([model(batch).float() for batch in torch.split(images, batch_size)])


def to_probabilities(logits: Tensor, task: Task) -> Tensor:
    """Turn logits into probabilities: a sigmoid for each label, or a softmax over classes."""
    return logits.sigmoid() if task == "multi-label" else logits.softmax(dim=1)


def check_radii(eps: Sequence[float]) -> None:
    """Refuse a grid of radii that does not increase.

    Raises:
        ValueError: If there is none, or one is not above the one before.
    """
    if len(eps) == 0 or any(b <= a for a, b in pairwise(eps)):
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
        attack: How.
        eps: Increasing radii; at 0 nothing needs an attack.
        seed: Of the attack; random starts are the same at every radius, up to the scale.
        skip_broken: Once an image is misclassified, keep it as it is at greater radii, whose balls
            hold it as well. Spares much of the work; accuracies can only be lower, and never rise
            with eps, while AUC comes out milder. No effect on multi-label data.

    Raises:
        ValueError: If the radii do not increase, or images or labels are not as described.
        FloatingPointError: If the model gives losses that are not finite.
    """
    check_radii(eps)
    skip = skip_broken and task != "multi-label"
    batch_size = SEEN * attack.batch_size
    current = predict(model, images, task, batch_size)
    curve = []
    for radius in eps:
        alive = torch.arange(len(images), device=images.device)
        if skip:
            alive = torch.nonzero(current.argmax(dim=1) == labels).squeeze(1)
        if radius > 0 and len(alive) > 0:
            threat = pixels(radius)
            attacked = attack(model, images[alive], labels[alive], threat, seed, positions=alive)
            answers = predict(model, attacked, task, batch_size)
            current = current.index_copy(0, alive, answers)
        curve.append(current)
    return RobustReport(
        task=task,
        eps=tuple(float(radius) for radius in eps),
        probabilities=torch.stack(curve).cpu().numpy(),
        labels=labels.cpu().numpy(),
    )
