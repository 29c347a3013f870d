"""How a TSynD trial trains: beside images that one regime makes of each batch [tsynd]."""

import math
import time
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from trainables.classification.learner import Lesson
from trainables.runtime.device import autocast
from trainables.runtime.seeding import generator, seeded
from trainables.studies.tsynd.assets import Codes
from trainables.studies.tsynd.epoch import train_epoch
from trainables.studies.tsynd.regimes import REGIMES, Batch, Synthesis
from trainables.studies.tsynd.settings import TSynDConfig

# Shares of the budget after which the learning rate falls tenfold, as in the benchmark [medmnist].
MILESTONES = (0.5, 0.75)


@final
class TSynDLearner:
    """Trains a classifier in one regime: half of a batch is real, half is made from it.

    As in the paper, images are made anew at every step [tsynd, section 3.2].

    Args:
        config: Of the trial.
        lesson: The classifier and the images to train it on.
        codes: The autoencoder, and the codes of those images.
    """

    def __init__(self, config: TSynDConfig, lesson: Lesson, codes: Codes) -> None:
        self.config, self.lesson, self.codes = config, lesson, codes
        self.optimiser = torch.optim.Adam(
            lesson.classifier.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        milestones = [math.ceil(share * lesson.epochs) for share in MILESTONES]
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, milestones)

    def epoch(self, number: int) -> float:
        """Train epoch ``number``, from 0, in the trial's regime; return the mean loss."""
        lesson = self.lesson
        synthesis = self._synthesis(generator(lesson.device, lesson.seed, number, "synthesis"))
        with seeded(lesson.device, lesson.seed, number, "dropout"):
            loss = train_epoch(
                lesson.classifier,
                self.optimiser,
                Batch(lesson.train.images, self.codes.latents, lesson.train.labels),
                lambda batch: self._synthesise(synthesis, batch),
                lesson.loss,
                half_batch=self.config.batch_size // 2,
                generator=generator(torch.device("cpu"), lesson.seed, number, "order"),
                autocast=autocast(lesson.device, lesson.precision),
            )
        self.schedule.step()
        return loss

    def state(self) -> dict[str, Any]:
        """Return the optimiser's moments and the epoch of the schedule."""
        return {"optimiser": self.optimiser.state_dict(), "schedule": self.schedule.last_epoch}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.optimiser.load_state_dict(state["optimiser"])  # and with it the learning rate
        self.schedule.last_epoch = state["schedule"]

    def _synthesis(self, noise: torch.Generator) -> Synthesis:
        config, autoencoder = self.config, self.codes.autoencoder
        return Synthesis(
            classifier=self.lesson.classifier,
            autoencoder=autoencoder.model,
            latent_std=autoencoder.latent_std,
            lr=config.latent_lr,
            sigma=config.latent_sigma,
            iterations=config.latent_iterations,
            max_shift=config.max_shift,
            uncertainty=config.uncertainty,
            masks=config.masks,
            attack_eps=config.attack_eps,
            attack_steps=config.attack_steps,
            multi_label=self.lesson.multi_label,
            generator=noise,
        )

    def _synthesise(self, synthesis: Synthesis, batch: Batch) -> Tensor | None:
        started = time.perf_counter()
        images = REGIMES[self.config.regime](synthesis, batch)
        self.lesson.spend("generation", started)
        return images
