"""How a trial of the nonrobust study trains: on clean or attacked, true or made images."""

import math
import time
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from searchspace.studies.nonrobust import HALF, STANDARD, TRADES
from trainables.attacks.gradient import PGD, TradesAttack
from trainables.attacks.threat import pixels
from trainables.classification.learner import Lesson
from trainables.classification.training.augmentation import AUGMENTATIONS
from trainables.losses.divergence import trades
from trainables.losses.likelihood import cross_entropy
from trainables.models.modes import frozen
from trainables.runtime.seeding import derive, generator, seeded
from trainables.studies.nonrobust.settings import NonrobustConfig

MILESTONES = {"adam": (1 / 2, 3 / 4), "sgd": (75 / 76,)}  # shares of the budget
FALL = 0.1  # factor of the learning rate at each
MOMENTUM = 0.9


@final
class NonrobustLearner:
    """Trains a classifier in one regime.

    Attacks see the network in eval mode and leave it as it is. TRADES passes clean and attacked
    images through the network one after the other, so that each have batch statistics of their own.
    An epoch has as many steps in every regime, so that none of them trains longer than its rivals.

    Args:
        config: Of the trial.
        lesson: The classifier, and how to train it.
        images: What trains, (N, C, ...), uint8, or floating in [0, 1].
        labels: int64 (N,).
    """

    def __init__(
        self, config: NonrobustConfig, lesson: Lesson, images: Tensor, labels: Tensor
    ) -> None:
        self.config, self.lesson, self.images, self.labels = config, lesson, images, labels
        parameters = lesson.classifier.parameters()
        self.optimiser: torch.optim.Optimizer
        if config.optimiser == "adam":
            self.optimiser = torch.optim.Adam(
                parameters, config.lr, weight_decay=config.weight_decay
            )
        else:
            self.optimiser = torch.optim.SGD(
                parameters, config.lr, MOMENTUM, weight_decay=config.weight_decay
            )
        ends = [max(1, int(share * lesson.epochs)) for share in MILESTONES[config.optimiser]]
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, ends, FALL)
        self.weights = torch.ones(lesson.classifier.head.out_features, device=lesson.device)
        if config.class_weights == "balanced":
            counts = labels.bincount(minlength=len(self.weights))
            self.weights = len(labels) / (len(counts) * counts.clamp_min(1)).float()

    def epoch(self, number: int) -> float:
        """Train epoch ``number``, from 0, and return the mean loss over its steps."""
        lesson, losses = self.lesson, list[float]()
        drawing = generator(lesson.device, lesson.seed, number, "augmentation")
        with seeded(lesson.device, lesson.seed, number, "dropout"):
            for rows in self._batches(number):
                images = AUGMENTATIONS[self.config.augmentation](self._pixels(rows), drawing)
                loss = self._loss(images, self.labels[rows], (number, len(losses)))
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()
                losses.append(float(loss.detach()))
        self.schedule.step()
        return sum(losses) / len(losses)

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state and the epoch of the schedule."""
        return {"optimiser": self.optimiser.state_dict(), "schedule": self.schedule.last_epoch}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.optimiser.load_state_dict(state["optimiser"])  # and with it the learning rate
        self.schedule.last_epoch = state["schedule"]

    def _batches(self, number: int) -> tuple[Tensor, ...]:
        """Return the rows that each step of an epoch starts from.

        A step of the half batch starts from half as many images, as each comes with its attacked
        twin. To take as many steps as other regimes, an epoch has half of the images, drawn by lot,
        and the next epoch, which is drawn together with it, has the others.
        """
        count, is_half = len(self.labels), self.config.regime == HALF
        draw = number // 2 if is_half else number
        shuffle = generator(torch.device("cpu"), self.lesson.seed, draw, "order")
        order = torch.randperm(count, generator=shuffle).to(self.labels.device)
        if not is_half:
            return tuple(order.split(self.config.batch_size))
        steps = math.ceil(count / self.config.batch_size)
        parts = tuple(order.tensor_split(2 * steps))
        return parts[steps:] if number % 2 else parts[:steps]

    def _pixels(self, rows: Tensor) -> Tensor:
        images = self.images[rows]
        return images if images.is_floating_point() else images.float() / 255

    def _loss(self, images: Tensor, labels: Tensor, step: tuple[int, int]) -> Tensor:
        """Return the loss of a batch, (), images weighed by their classes."""
        network, regime = self.lesson.network, self.config.regime
        attacked = images if regime == STANDARD else self._attack(images, labels, step)
        network.train()
        weights = self.weights[labels]
        if regime == TRADES:
            losses = trades(network(images), network(attacked), labels, self.config.beta)
            return (losses * weights).mean()
        if regime == HALF:
            attacked, labels = torch.cat([images, attacked]), labels.repeat(2)
            weights = weights.repeat(2)
        return (cross_entropy(network(attacked), labels) * weights).mean()

    def _attack(self, images: Tensor, labels: Tensor, step: tuple[int, int]) -> Tensor:
        started = time.perf_counter()
        network, threat = self.lesson.network, pixels(self.config.train_eps / 255)
        seed = derive(self.lesson.seed, "attack", *step)
        if self.config.regime == TRADES:
            with frozen(network), torch.no_grad():
                clean = network(images)
            attack = TradesAttack(steps=self.config.train_steps)
            attacked = attack(network, images, clean, threat, seed)
        else:
            attacked = PGD(steps=self.config.train_steps)(network, images, labels, threat, seed)
        self.lesson.spend("generation", started)
        return attacked
