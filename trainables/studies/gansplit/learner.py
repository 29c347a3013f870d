"""How a trial trains on its mixture of authentic and synthetic images."""

import math
import time
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.classification.learner import Lesson
from trainables.runtime.seeding import derive, generator, seeded
from trainables.studies.gansplit.composition import Mixture
from trainables.studies.gansplit.settings import GANSplitConfig

MILESTONES = (0.5, 0.75)  # shares of the budget after which the learning rate falls tenfold


def epoch_rows(number: int, size: int, total: int, seed: int) -> Tensor:
    """List the images of an epoch: a stretch of passes over all images, one after the other.

    An epoch has as many images for every trial. Of twice as many images each is seen half as often;
    else more images would be more training.

    Args:
        number: Of the epoch, from 0.
        size: Images of an epoch.
        total: Images that there are.
        seed: Of the order in each pass.

    Returns:
        Positions, (size,).
    """
    start, stop = number * size, (number + 1) * size
    parts = []
    for lap in range(start // total, -(-stop // total)):
        order = torch.randperm(total, generator=generator(torch.device("cpu"), seed, "order", lap))
        first = lap * total
        parts.append(order[max(0, start - first) : stop - first])
    return torch.cat(parts)


@final
class GANSplitLearner:
    """Trains a classifier by Adam, against attacks where the config says so.

    Args:
        config: Of the trial.
        lesson: The classifier, and how to train it.
        mixture: The images to train on.
    """

    def __init__(self, config: GANSplitConfig, lesson: Lesson, mixture: Mixture) -> None:
        self.config, self.lesson, self.mixture = config, lesson, mixture
        self.optimiser = torch.optim.Adam(
            lesson.classifier.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        milestones = [math.ceil(share * lesson.epochs) for share in MILESTONES]
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, milestones)

    def epoch(self, number: int) -> float:
        """Train epoch ``number``, from 0, and return the mean loss over its steps."""
        mixture, lesson = self.mixture, self.lesson
        rows = epoch_rows(number, mixture.epoch_size, len(mixture.labels), lesson.seed)
        losses = []
        with seeded(lesson.device, lesson.seed, number, "dropout"):
            for step, batch in enumerate(rows.to(lesson.device).split(self.config.batch_size)):
                losses.append(self._step(batch, (number, step)))
        self.schedule.step()
        return sum(losses) / len(losses)

    def state(self) -> dict[str, Any]:
        """Return the optimiser's moments and the epoch of the schedule."""
        return {"optimiser": self.optimiser.state_dict(), "schedule": self.schedule.last_epoch}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.optimiser.load_state_dict(state["optimiser"])  # and with it the learning rate
        self.schedule.last_epoch = state["schedule"]

    def _step(self, rows: Tensor, step: tuple[int, int]) -> float:
        mixture, network = self.mixture, self.lesson.network
        labels, weights = mixture.labels[rows], mixture.weights[rows]
        images = self._attacked(mixture.images[rows].float() / 255, labels, step)
        network.train()
        loss = (weights * self.lesson.loss(network(images), labels)).sum() / weights.sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())

    def _attacked(self, images: Tensor, labels: Tensor, step: tuple[int, int]) -> Tensor:
        """Attack images, where the trial trains against attacks."""
        if not self.config.train_eps:
            return images
        started = time.perf_counter()
        threat, seed = (
            pixels(self.config.train_eps / 255),
            derive(self.lesson.seed, "attack", *step),
        )
        attack = PGD(steps=self.config.attack_steps)
        images = attack(self.lesson.network, images, labels, threat, seed)
        self.lesson.spend("generation", started)
        return images
