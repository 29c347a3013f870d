"""Scores of a model under one attack, over a grid of radii.

Multi-label data are attacked label by label, each as a choice between two classes. The macro AUC is
a mean over labels, and the AUC of a label falls if positives score less or negatives more. So each
image has one worst case for each label, and an attack on all labels at once finds none of them: it
trades labels off against each other. The price is one attack for each label.

The same holds of several classes, each against the rest, where their order counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.attacks.attack import Attack
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import Transfer
from trainables.data.task import Task
from trainables.losses.likelihood import log_odds
from trainables.metrics.classification import ORDERS, STANDARD, correct, scores
from trainables.metrics.curve import area
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats32, Floats64, Mask

PREDICTION_FACTOR = 2  # of an attack's batch size: prediction keeps no gradients in memory


@final
@dataclass(frozen=True, eq=False)
class RobustReport:
    """Answers to attacked images, from which every score is computed.

    Attributes:
        task: What the labels mean.
        eps: The E radii, increasing, in pixels of [0, 1].
        logits: float32 (E, N, K). For multi-label data each label's was attacked on its own.
        labels: int64 (N,), or (N, L) for multi-label data.
        odds: Log-odds of each of several classes, float32 (E, N, K), where each was attacked on its
            own; None where it was not.
    """

    task: Task
    eps: tuple[float, ...]
    logits: Floats32
    labels: npt.NDArray[np.int64]
    odds: Floats32 | None = None

    @property
    def probabilities(self) -> Floats32:
        """Softmax of the logits, for multi-label data their sigmoid, (E, N, K)."""
        result: Floats32 = to_probabilities(torch.from_numpy(self.logits), self.task).numpy()
        return result

    @property
    def correct(self) -> Mask:
        """Whether each answer is right: (E, N), or (E, N, L) for multi-label data."""
        return np.stack(
            [correct(self.task, answers, self.labels) for answers in self.probabilities]
        )

    def answers(self, score: str) -> Floats32:
        """Return what a score looks at, (E, N, K): see `answers_of`."""
        if self.odds is not None and score in ORDERS:
            return self.odds
        return answers_of(self.logits, self.task, score)

    def curve(self, score: str) -> Floats64:
        """Compute a score of `trainables.metrics.classification.scores` at every radius, (E,)."""
        rows = self.answers(score)
        return np.array([scores(self.task, row, self.labels, (score,))[score] for row in rows])

    def part(self, images: Mask) -> Self:
        """Return the report of some of the images.

        Args:
            images: Which ones, (N,).
        """
        odds = None if self.odds is None else self.odds[:, images]
        return replace(self, logits=self.logits[:, images], labels=self.labels[images], odds=odds)

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
    return logits.sigmoid() if task == "multi-label" else logits.softmax(dim=-1)


def scores_of(
    logits: Floats32,
    labels: npt.NDArray[np.int64],
    task: Task,
    names: Sequence[str] = STANDARD,
) -> dict[str, float]:
    """Compute scores of `trainables.metrics.classification.scores` from logits.

    Scores of an order, such as AUC, are those of the log-odds: they rank as probabilities do, which
    round to 0 and 1 if a model is confident and would then tie.

    Args:
        logits: (N, K).
        labels: int64 (N,), or (N, L) for multi-label data.
        task: What the labels mean.
        names: Of the scores.
    """
    return {
        name: scores(task, answers_of(logits, task, name), labels, (name,))[name] for name in names
    }


def answers_of(logits: Floats32, task: Task, score: str) -> Floats32:
    """Return what a score looks at: log-odds for a score of an order, otherwise probabilities.

    Args:
        logits: (..., N, K).
        task: What the labels mean.
        score: Its name.
    """
    values = torch.from_numpy(logits)
    if score not in ORDERS:
        answers = to_probabilities(values, task)
    else:
        answers = values if task == "multi-label" else _odds(values)
    result: Floats32 = answers.numpy()
    return result


def _odds(logits: Tensor) -> Tensor:
    """Return the log-odds of each class against the others, (..., N, K)."""
    flat = logits.reshape(-1, logits.shape[-1])
    classes = torch.arange(flat.shape[1])[:, None].expand(-1, len(flat))
    odds = -torch.stack([log_odds(flat, column) for column in classes], dim=1)
    return odds.reshape(logits.shape)


@final
class OneLabel(nn.Module):
    """One label of a multi-label model, as two classes with the logits 0 and z."""

    def __init__(self, model: nn.Module, label: int) -> None:
        super().__init__()
        self.model, self.label = model, label

    def extra_repr(self) -> str:
        """Name the label, which no weight tells."""
        return f"label={self.label}"

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of "no" and "yes", (N, 2)."""
        logits = self.model(images)[:, self.label]
        return torch.stack([torch.zeros_like(logits), logits], dim=1)


@final
class AgainstRest(nn.Module):
    """A model of several classes as one of labels: the log-odds of each class against the others.

    The area under a curve of a class falls if images of the class score less for it, or other
    images more. So each image has one worst case for each class, as it has for each label. One
    attack on the log-odds of the true class finds the first and misses the others.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Return the log-odds of each class, (N, K)."""
        return _odds(self.model(images))


def on_label(attack: Attack, label: int) -> Attack:
    """Return an attack on one label of multi-label data; a transfer attacks it on its source."""
    if isinstance(attack, Transfer):
        return replace(attack, source=OneLabel(attack.source, label))
    return attack


def on_order(attack: Attack) -> Attack:
    """Return an attack for scores of an order, which spares no image, on its source neither.

    Raises:
        ValueError: If the attack is FAB.
    """
    if isinstance(attack, Transfer):
        attack = replace(attack, attack=on_order(attack.attack))
    return replace(attack, spare_broken=False)


def on_rest(attack: Attack) -> Attack:
    """Return an attack on `AgainstRest`; a transfer attacks that of its source."""
    if isinstance(attack, Transfer):
        return replace(attack, source=AgainstRest(attack.source))
    return attack


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
            multi-label data, which rank by AUC.

    Raises:
        ValueError: If the radii do not increase, or images or labels are not as described.
        FloatingPointError: If the model gives losses that are not finite.
    """
    check_radii(eps)
    if task == "multi-label":
        return _evaluate_labels(model, images, labels, attack, eps, seed)
    batch_size = PREDICTION_FACTOR * attack.batch_size
    current = predict_logits(model, images, batch_size)
    curve = []
    for radius in eps:
        rows = torch.arange(len(images), device=images.device)
        if skip_broken:
            rows = torch.nonzero(current.argmax(dim=1) == labels).squeeze(1)
        if radius > 0 and len(rows) > 0:
            threat = pixels(radius)
            adversarials = attack(model, images[rows], labels[rows], threat, seed, positions=rows)
            answers = predict_logits(model, adversarials, batch_size)
            current = current.index_copy(0, rows, answers)
        curve.append(current)
    return RobustReport(
        task=task,
        eps=tuple(float(radius) for radius in eps),
        logits=torch.stack(curve).cpu().numpy(),
        labels=labels.cpu().numpy(),
    )


def evaluate_order(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    task: Task,
    attack: Attack,
    eps: Sequence[float],
    *,
    seed: int,
) -> RobustReport:
    """Attack images at every radius of a grid, as scores of an order need it.

    Of more than two classes each is attacked on its own as well, see `AgainstRest`: K attacks more.

    Args:
        model: Maps images to logits (N, K).
        images: Floating, in [0, 1], (N, C, ...).
        labels: int64 (N,), or (N, L) for multi-label data; on the device of the images.
        task: What the labels mean.
        attack: The attack that runs at every radius.
        eps: Increasing radii, in pixels of [0, 1]; at 0 no attack runs.
        seed: Of the attack, as of `evaluate`.
    """
    n_classes = predict_logits(model, images[:1]).shape[1]
    if task == "multi-label" or n_classes == 2:
        return evaluate(model, images, labels, task, on_order(attack), eps, seed=seed)
    report = evaluate(model, images, labels, task, attack, eps, seed=seed)
    of_classes = functional.one_hot(labels, n_classes), on_rest(attack)
    alone = _evaluate_labels(AgainstRest(model), images, *of_classes, eps, seed)
    return replace(report, odds=alone.logits)


def _evaluate_labels(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    attack: Attack,
    eps: Sequence[float],
    seed: int,
) -> RobustReport:
    """Attack each label on its own, as scores of an order need it, and put the answers together."""
    attack = on_order(attack)
    columns = [
        evaluate(
            OneLabel(model, label),
            images,
            labels[:, label],
            "binary",
            on_label(attack, label),
            eps,
            seed=seed,
        ).logits[..., 1]
        for label in range(labels.shape[1])
    ]
    radii = tuple(float(radius) for radius in eps)
    return RobustReport("multi-label", radii, np.stack(columns, axis=2), labels.cpu().numpy())
