"""How a trial of the deep AUC study trains."""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any, final

import torch
from torch import Tensor

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.classification.learner import Lesson
from trainables.classification.training.augmentation import AUGMENTATIONS
from trainables.losses.auc_margin import Saddle, auc_margin
from trainables.losses.rank_losses import RankLoss
from trainables.runtime.seeding import derive, generator, seeded
from trainables.studies.deepauc.objective import (
    balanced_loss,
    build_rank_loss,
    class_weights,
    columns_of,
)
from trainables.studies.deepauc.proximal import Proximal
from trainables.studies.deepauc.sampler import ShareSampler
from trainables.studies.deepauc.settings import LIKELIHOODS, DeepAUCConfig

STAGES = (0.5, 0.75)  # shares of the budget after which a stage ends


@final
class DeepAUCLearner:
    """Trains a classifier on cross-entropy, or on a surrogate of the area under a curve.

    Args:
        config: Of the trial.
        lesson: The classifier, with the weights to start from, and the images to train it on.
    """

    def __init__(self, config: DeepAUCConfig, lesson: Lesson) -> None:
        self.config, self.lesson = config, lesson
        self.columns = columns_of(lesson)
        self.saddle: Saddle | None = None
        self.rank_loss: RankLoss | None = None
        if config.loss == "aucm":
            n_columns = self.columns.targets.shape[1]
            self.saddle = Saddle.at_zero(n_columns, config.margin, lesson.device)
        elif config.loss not in LIKELIHOODS:
            self.rank_loss = build_rank_loss(config, self.columns.targets)
        self.weights = class_weights(lesson.train.labels) if config.loss == "balanced" else None
        extra = [self.saddle.a, self.saddle.b] if self.saddle else []
        self.optimiser = Proximal(
            [*lesson.classifier.parameters(), *extra],
            kind=config.optimiser,
            lr=config.lr,
            epoch_decay=config.epoch_decay,
            weight_decay=config.weight_decay,
            reference_point=config.reference_point,
        )
        self.sampler: ShareSampler | None = None
        if config.positive_share is not None:
            seed = derive(lesson.seed, "order")
            positive = self.columns.targets[:, -1]
            self.sampler = ShareSampler(positive, config.batch_size, config.positive_share, seed)
        self.turn = 0  # steps so far, of which some are of cross-entropy in PDSCA
        self.ends = {math.ceil(share * lesson.epochs) for share in STAGES}

    def epoch(self, number: int) -> float:
        """Train epoch ``number``, from 0, and return the mean loss over its steps."""
        lesson, total, steps = self.lesson, 0.0, 0
        if number in self.ends:
            self.optimiser.end_stage(self.config.stage_factor)
        drawing = generator(lesson.device, lesson.seed, number, "augmentation")
        with seeded(lesson.device, lesson.seed, number, "dropout"):
            for rows in self._batches(number):
                images, labels = lesson.train.images[rows].float() / 255, lesson.train.labels[rows]
                images = AUGMENTATIONS[self.config.augmentation](images, drawing)
                images = self._attacked(images, labels, (number, steps))
                lesson.network.train()
                total += self._descend(lesson.network(images), labels, rows)
                steps += 1
        return total / steps

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state, the loss's estimates and how far the batches came."""
        return {
            "optimiser": self.optimiser.state_dict(),
            "saddle": self.saddle.state_dict() if self.saddle else None,
            "estimates": self.rank_loss.state_dict() if self.rank_loss else None,
            "sampler": self.sampler.state_dict() if self.sampler else None,
            "turn": self.turn,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.optimiser.load_state_dict(state["optimiser"])
        for name, part in (
            ("saddle", self.saddle),
            ("estimates", self.rank_loss),
            ("sampler", self.sampler),
        ):
            if part is not None:
                part.load_state_dict(state[name])
        self.turn = state.get("turn", 0)  # checkpoints of earlier versions have none

    def _batches(self, number: int) -> Iterator[Tensor]:
        if self.sampler:
            yield from self.sampler.epoch()
            return
        shuffle = generator(torch.device("cpu"), self.lesson.seed, number, "order")
        order = torch.randperm(len(self.lesson.train), generator=shuffle)
        yield from order.split(self.config.batch_size)

    def _descend(self, logits: Tensor, labels: Tensor, rows: Tensor) -> float:
        """Move the weights once, down the loss whose turn it is; return its value.

        Args:
            logits: Of the batch, (N, K).
            labels: Of the batch.
            rows: Of its images among the training images.
        """
        inner_steps = self.config.inner_steps
        inner = self.turn % (inner_steps + 1) < inner_steps
        self.turn += 1
        if inner:
            loss = self.lesson.loss(logits, labels).mean()
        else:
            loss = self._loss(logits, labels, rows)
        self.optimiser.zero_grad()
        loss.backward()
        if inner:
            self.optimiser.inner_step()
            return float(loss.detach())
        self.optimiser.step()
        if self.saddle:
            self.saddle.ascend(self.optimiser.lr)
        return float(loss.detach())

    def _loss(self, logits: Tensor, labels: Tensor, rows: Tensor) -> Tensor:
        scores, positive = self.columns.scores(logits), self.columns.targets[rows]
        if self.rank_loss:
            return self.rank_loss(scores, positive, rows.to(scores.device))
        if self.saddle:
            return auc_margin(scores, positive, self.saddle, class_factor=self.config.class_factor)
        if self.weights is not None:
            return balanced_loss(logits, labels, self.weights[rows]).mean()
        return self.lesson.loss(logits, labels).mean()

    def _attacked(self, images: Tensor, labels: Tensor, step: tuple[int, int]) -> Tensor:
        """Lower the scores of positives and raise those of negatives, where the config says so."""
        if not self.config.train_eps:
            return images
        started = time.perf_counter()
        attack = PGD(steps=self.config.attack_steps)
        seed = derive(self.lesson.seed, "attack", *step)
        threat = pixels(self.config.train_eps / 255)
        images = attack(self.lesson.network, images, labels, threat, seed)
        self.lesson.spend("generation", started)
        return images
