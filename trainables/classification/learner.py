"""All that differs between the trials of classification studies: how an epoch trains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from trainables.classification.assets import Labelled
from trainables.data.task import Task
from trainables.losses.likelihood import Loss
from trainables.models.classifiers import Classifier


class Learner(Protocol):
    """Trains one classifier, epoch by epoch; made anew for each trial.

    It is given the classifier when it is made (see `ClassificationStudy.learner`), with weights
    drawn from the trial's seed, and owns optimiser, schedule and whatever its losses remember.
    """

    def epoch(self, number: int) -> float:
        """Train one epoch, and return the mean training loss.

        Args:
            number: Epochs trained before, from 0; seeds derive from it, so that a trial goes on
                after an interruption as if nothing had come between.
        """

    def state(self) -> dict[str, Any]:
        """Return what training goes on from, the classifier's weights apart."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a learner is given beside its config and the study's own assets.

    Attributes:
        classifier: On ``device``, with its first weights.
        train: The images that train, on ``device``; no other split is given.
        task: What the labels mean.
        loss: The loss per image (N,) that the attacks of the ladder maximise.
        epochs: Budget of the trial, for schedules.
        seed: Of order, noise and whatever else is drawn: derive from it, the epoch and a name.
        device: Where to compute.
        precision: ``auto``, ``fp32`` or ``bf16``, see `trainables.runtime.device`.
        spend: Adds the seconds since a time to an activity other than training, such as
            ``generation``.
    """

    classifier: Classifier
    train: Labelled
    task: Task
    loss: Loss
    epochs: int
    seed: int
    device: torch.device
    precision: str
    spend: Callable[[str, float], None]

    @property
    def multi_label(self) -> bool:
        """Whether each logit is a label of its own."""
        return self.task == "multi-label"
