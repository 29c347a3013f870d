"""The worst of several attacks, image by image: the measure of a confirmed robustness.

Each attack fails on some images, and on different ones. So an image counts as robust only if it
withstands all attacks [apgd, section 5; evaluating].
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
    OneLabel,
    RobustReport,
    check_radii,
    on_label,
    on_order,
    predict_logits,
)
from trainables.attacks.threat import ThreatModel, pixels
from trainables.data.task import Task
from trainables.losses.likelihood import log_odds, misclassified
from trainables.runtime.seeding import derive

Ensemble = Mapping[str, Attack]
"""Attacks by name, in the order in which they run; the cheapest should come first."""

CLEAN = -1  # the number of no attack


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class EnsembleReport:
    """The result of an ensemble of A attacks over E radii, with each attack's part in it.

    Attributes:
        names: Of the attacks, in order.
        worst: Answers to the worst version of each image up to each radius; `correct`, `curve`
            and `area` are those of the ensemble.
        attackers: int64 (E, N), for multi-label data (E, N, L): the number of the attack that made
            this version. For a misclassified image it is the attack that broke it first, or
            `CLEAN` if it was wrong from the start. For any other image it is the attack that came
            nearest, or `CLEAN`. Where broken images are not spared, it is always the attack that
            came farthest.
        breakers: int64 like ``attackers``: the attack that first broke each image; `CLEAN` if none
            did, or if it was wrong from the start.
        attempts: int64 (E, A), the number of images that each attack ran on at each radius; for
            multi-label data of images and labels.
        successes: int64 (E, A), how many of these it broke.
    """

    names: tuple[str, ...]
    worst: RobustReport
    attackers: npt.NDArray[np.int64]
    breakers: npt.NDArray[np.int64]
    attempts: npt.NDArray[np.int64]
    successes: npt.NDArray[np.int64]


def run_ensemble(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    task: Task,
    ensemble: Ensemble,
    eps: Sequence[float],
    *,
    seed: int,
    spare_broken: bool = True,
) -> EnsembleReport:
    """Attack images with every attack of an ensemble at every radius; keep the worst versions.

    A misclassified image is not attacked again: not by the next attacks, and not at greater radii,
    which allow the same change. For an image that no attack breaks, the version with the greatest
    likelihood loss is kept. In multi-label data each label of an image is attacked on its own, as
    an image of two classes is.

    Args:
        model: Maps images to logits (N, K).
        images: Floating, in [0, 1], (N, C, ...).
        labels: int64 (N,), or (N, L) for multi-label data; on the device of the images.
        task: What the labels mean.
        ensemble: At least one attack.
        eps: Increasing radii, in pixels of [0, 1]; at 0 no attack runs.
        seed: Each attack's seed is derived from it and the attack's name. So what an attack tries
            does not depend on the other attacks or their order.
        spare_broken: Spare misclassified images. Scores of an order, such as AUC, fall further with
            each positive that scores less, misclassified or not: for them every attack runs on
            every image, to its end, and the version with the greatest loss is kept.

    Raises:
        ValueError: If there is no attack, the radii do not increase, images or labels are not as
            described, or FAB is among attacks that spare none.
        FloatingPointError: If the model gives losses that are not finite.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from trainables.attacks.presets import build_ensemble
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
        >>> _ = model[1].weight.data.copy_(torch.tensor([[-1.0], [1.0]]))
        >>> images, labels = torch.tensor([0.05, 0.5]).reshape(2, 1, 1, 1), torch.tensor([1, 1])
        >>> attacks = build_ensemble("quick", "binary")
        >>> report = run_ensemble(model, images, labels, "binary", attacks, (0, 0.1), seed=0)
        >>> [float(score) for score in report.worst.curve("acc")]  # 0.05 can be moved to 0
        [1.0, 0.5]
    """
    if not ensemble:
        raise ValueError("an ensemble of no attacks breaks nothing")
    check_radii(eps)
    if task == "multi-label":
        return _run_labels(model, images, labels, ensemble, eps, (seed, spare_broken))
    answers = _WorstAnswers(model, images, labels, spare_broken=spare_broken)
    curve, attackers, breakers = [], [], []
    attempts = np.zeros((len(eps), len(ensemble)), dtype=np.int64)
    successes = np.zeros_like(attempts)
    for index, radius in enumerate(eps):
        for number, (name, attack) in enumerate(ensemble.items()):
            rows = answers.targets()
            if radius > 0 and len(rows) > 0:
                cell, stream = (index, number), derive(seed, name)
                successes[cell] = answers.attack(number, attack, rows, pixels(radius), stream)
                attempts[cell] = len(rows)
        curve.append(answers.logits)
        attackers.append(answers.attackers)
        breakers.append(answers.breakers)
    radii, logits = tuple(float(radius) for radius in eps), torch.stack(curve).cpu().numpy()
    worst = RobustReport(task=task, eps=radii, logits=logits, labels=labels.cpu().numpy())
    return EnsembleReport(
        names=tuple(ensemble),
        worst=worst,
        attackers=torch.stack(attackers).cpu().numpy(),
        breakers=torch.stack(breakers).cpu().numpy(),
        attempts=attempts,
        successes=successes,
    )


def _run_labels(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    ensemble: Ensemble,
    eps: Sequence[float],
    options: tuple[int, bool],
) -> EnsembleReport:
    """Attack each label on its own, and put the results side by side.

    Args:
        model: Maps images to logits (N, L).
        images: (N, C, ...).
        labels: 0 and 1, (N, L).
        ensemble: Of attacks on a label.
        eps: Increasing radii.
        options: The seed, and whether broken images are spared.
    """
    seed, spare_broken = options
    reports = [
        run_ensemble(
            OneLabel(model, label),
            images,
            labels[:, label],
            "binary",
            {name: on_label(attack, label) for name, attack in ensemble.items()},
            eps,
            seed=seed,
            spare_broken=spare_broken,
        )
        for label in range(labels.shape[1])
    ]
    columns = np.stack([report.worst.logits[..., 1] for report in reports], axis=2)
    return EnsembleReport(
        names=tuple(ensemble),
        worst=RobustReport("multi-label", reports[0].worst.eps, columns, labels.cpu().numpy()),
        attackers=np.stack([report.attackers for report in reports], axis=2),
        breakers=np.stack([report.breakers for report in reports], axis=2),
        attempts=np.sum([report.attempts for report in reports], axis=0),
        successes=np.sum([report.successes for report in reports], axis=0),
    )


@final
class _WorstAnswers:
    """The worst answer to each image so far, and the attack that caused it."""

    def __init__(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, spare_broken: bool
    ) -> None:
        self.model, self.images, self.labels = model, images, labels
        self.spare_broken = spare_broken
        self.logits, self.loss = self._answer(images, labels)
        self.broken = misclassified(self.logits, labels)
        self.attackers = torch.full((len(images),), CLEAN, device=images.device)
        self.breakers = self.attackers

    def targets(self) -> Tensor:
        """Return the rows to attack: of all images, or of those that no attack has broken yet."""
        spared = self.broken if self.spare_broken else torch.zeros_like(self.broken)
        return torch.nonzero(~spared).squeeze(1)

    def attack(
        self, number: int, attack: Attack, rows: Tensor, threat: ThreatModel, seed: int
    ) -> int:
        """Attack some images and keep the answers that are worse.

        Args:
            number: Of the attack in its ensemble.
            attack: The attack.
            rows: int (n,), the rows of the images to attack.
            threat: The changes that are allowed.
            seed: Of the attack.

        Returns:
            How many images the attack broke.
        """
        labels = self.labels[rows]
        attack = attack if self.spare_broken else on_order(attack)
        images = attack(self.model, self.images[rows], labels, threat, seed, positions=rows)
        logits, loss = self._answer(images, labels)
        wrong = misclassified(logits, labels)
        worse = loss > self.loss[rows]
        if self.spare_broken:  # of several classes, an image may be wrong at less loss
            worse = wrong | worse
        updates = rows[worse]
        self.logits = self.logits.index_copy(0, updates, logits[worse])
        self.loss = self.loss.index_copy(0, updates, loss[worse])
        self.attackers = self.attackers.index_fill(0, updates, number)
        self.breakers = self.breakers.index_fill(0, rows[wrong & ~self.broken[rows]], number)
        self.broken = self.broken.index_fill(0, rows[wrong], True)  # noqa: FBT003 - a value
        return int(wrong.sum())

    def _answer(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = predict_logits(self.model, images)
        return logits, log_odds(logits, labels)
