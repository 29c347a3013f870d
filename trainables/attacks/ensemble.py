"""The worst of several attacks, image by image: what a confirmed robustness rests on.

Every attack fails somewhere, and each somewhere else: an image counts as withstood where it
withstood all of them [apgd, section 5; evaluating].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import (
    RobustReport,
    check_radii,
    predict_logits,
    to_probabilities,
)
from trainables.attacks.threat import pixels
from trainables.data.task import Task
from trainables.losses.likelihood import likelihood_loss
from trainables.runtime.seeding import derive

Ensemble = Mapping[str, Attack]
"""Attacks by name, in the order in which they are run: the cheapest best first."""

CLEAN = -1  # stands for no attack, where attacks are numbered


@final
@dataclass(frozen=True, eq=False)
class EnsembleReport:
    """What an ensemble leaves of a model over E radii, and the share of each of its A attacks.

    Attributes:
        names: Of the attacks, in order.
        worst: Probabilities on the worst version of each image found up to each radius; `correct`,
            `curve` and `area` are those of the ensemble.
        by: int64 (E, N), the number of the attack that found that version. Of a misclassified
            image, this is the one that broke it first; `CLEAN` where it was so from the start. Of
            one that withstood, the attack that came nearest, or `CLEAN`.
        asked: int64 (E, A), how many images each attack was run on at each radius.
        broke: int64 (E, A), how many of these it broke; 0 for multi-label data.
    """

    names: tuple[str, ...]
    worst: RobustReport
    by: npt.NDArray[np.int64]
    asked: npt.NDArray[np.int64]
    broke: npt.NDArray[np.int64]


def run_ensemble(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    task: Task,
    ensemble: Ensemble,
    eps: Sequence[float],
    *,
    seed: int,
) -> EnsembleReport:
    """Attack images with every attack of an ensemble at every radius of a grid; keep the worst.

    An image that is misclassified is attacked no more: not by the next attacks, and not at greater
    radii, whose balls hold what broke it. Of an image that withstands, the version with the
    greatest likelihood loss is kept. For multi-label data, where no image is broken, every attack
    runs on all of them.

    Args:
        model: Maps images to logits (N, K).
        images: Floating, in [0, 1], (N, C, ...).
        labels: int64 (N,), or (N, L) for multi-label data; on the device of the images.
        task: What the labels mean.
        ensemble: At least one attack.
        eps: Increasing radii; at 0 nothing needs an attack.
        seed: Each attack's own is derived from it and the attack's name, so that neither the order
            nor the company of an attack changes what it tries.

    Raises:
        ValueError: If there is no attack, the radii do not increase, or images or labels are not
            as described.
        FloatingPointError: If the model gives losses that are not finite.
    """
    if not ensemble:
        raise ValueError("an ensemble of no attacks breaks nothing")
    check_radii(eps)
    found = _Found(model, images, labels, task)
    curve, by = [], []
    asked = np.zeros((len(eps), len(ensemble)), dtype=np.int64)
    broke = np.zeros_like(asked)
    for at, radius in enumerate(eps):
        for number, (name, attack) in enumerate(ensemble.items()):
            rows = found.standing()
            if radius > 0 and len(rows) > 0:
                broke[at, number] = found.attack(number, attack, rows, radius, derive(seed, name))
                asked[at, number] = len(rows)
        curve.append(found.probabilities)
        by.append(found.by)
    worst = RobustReport(
        task=task,
        eps=tuple(float(radius) for radius in eps),
        probabilities=torch.stack(curve).cpu().numpy(),
        labels=labels.cpu().numpy(),
    )
    return EnsembleReport(tuple(ensemble), worst, torch.stack(by).cpu().numpy(), asked, broke)


@final
class _Found:
    """The worst answer to each image so far, and which attack found it."""

    def __init__(self, model: nn.Module, images: Tensor, labels: Tensor, task: Task) -> None:
        self.model, self.images, self.labels, self.task = model, images, labels, task
        self.probabilities, self.loss = self._answer(images, labels)
        self.by = torch.full((len(images),), CLEAN, device=images.device)

    def standing(self) -> Tensor:
        """Return the numbers of the images that are worth attacking."""
        return torch.nonzero(~self._wrong(self.probabilities, self.labels)).squeeze(1)

    def attack(self, number: int, attack: Attack, rows: Tensor, radius: float, seed: int) -> int:
        """Attack images that stand; take what is worse; return how many were broken."""
        labels = self.labels[rows]
        attacked = attack(
            self.model, self.images[rows], labels, pixels(radius), seed, positions=rows
        )
        probabilities, loss = self._answer(attacked, labels)
        wrong = self._wrong(probabilities, labels)
        worse = wrong | (loss > self.loss[rows])
        taken = rows[worse]
        self.probabilities = self.probabilities.index_copy(0, taken, probabilities[worse])
        self.loss = self.loss.index_copy(0, taken, loss[worse])
        self.by = self.by.index_fill(0, taken, number)
        return int(wrong.sum())

    def _answer(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = predict_logits(self.model, images)
        return to_probabilities(logits, self.task), likelihood_loss(self.task)(logits, labels)

    def _wrong(self, probabilities: Tensor, labels: Tensor) -> Tensor:
        # By probabilities and not by logits, as the report's `correct` sees no others.
        if self.task == "multi-label":
            return torch.zeros(len(labels), dtype=torch.bool, device=labels.device)
        return probabilities.argmax(dim=1) != labels
