"""What differs between classification studies: how a trial trains, and the config it trains by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch

from trainables.classification.assets import LabelledImages
from trainables.data.task import Task
from trainables.losses.likelihood import Loss
from trainables.models.classifiers import Classifier
from trainables.runtime.config import Frozen
from trainables.runtime.device import InPrecision, autocast


class ClassifierConfig(Protocol):
    """A config of a classification study: a `trainables.runtime.config.Frozen` with these fields.

    A protocol and not a base class, so that the fields of a study keep their order: tables of
    trials list them in that order.
    """

    @property
    def batch_size(self) -> int:
        """Images of a training step; the prediction of memory depends on it."""

    @property
    def dropout(self) -> float:
        """Probability of dropping a feature before the classifier's last layer, in [0, 1)."""

    def model_dump(self) -> dict[str, Any]:
        """Return the fields, as pydantic does."""


Choice = Callable[[Classifier], tuple[float, ...]]
"""Returns the key of an epoch's classifier: the greatest key of a trial is its best epoch."""


class Learner(Protocol):
    """Trains one classifier, epoch by epoch; made anew for each trial.

    It gets the classifier when it is made (see `ClassificationStudy.learner`), with initial weights
    from the trial's seed. It owns the optimiser, the schedule and the state of its losses.
    """

    def epoch(self, number: int) -> float:
        """Train one epoch, and return the mean training loss.

        Args:
            number: Epochs trained before, from 0. Seeds derive from it, so that an interrupted
                trial goes on as if it had never stopped.
        """

    def state(self) -> dict[str, Any]:
        """Return the state of training, without the classifier's weights."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a learner works with, beside its config and the study's own assets.

    Attributes:
        classifier: On ``device``, with its initial weights.
        train: The training images, on ``device``. A learner sees no other split.
        task: What the labels mean.
        loss: The loss per image (N,) to minimise. Attacks raise `likelihood.log_odds` instead.
        epochs: Budget of the trial, for schedules.
        seed: Of all random numbers of the training: derive from it, the epoch and a name.
        device: Where to compute.
        precision: ``auto``, ``fp32`` or ``bf16``, see `trainables.runtime.device`.
        spend: Adds the seconds since a time to an activity other than training, such as
            ``generation``.
    """

    classifier: Classifier
    train: LabelledImages
    task: Task
    loss: Loss
    epochs: int
    seed: int
    device: torch.device
    precision: str
    spend: Callable[[str, float], None]

    @cached_property
    def network(self) -> InPrecision:
        """The classifier in the precision of training: what steps and their attacks pass through.

        The weights are the classifier's own.
        """
        return InPrecision(self.classifier, autocast(self.device, self.precision))

    @property
    def multi_label(self) -> bool:
        """Whether each logit is a label of its own."""
        return self.task == "multi-label"


def check_config(config: Frozen) -> ClassifierConfig:
    """Return a config as a `ClassifierConfig`.

    Raises:
        TypeError: If it lacks a field, which is a defect of the study.
    """
    missing = [name for name in ("batch_size", "dropout") if not hasattr(config, name)]
    if missing:
        raise TypeError(f"{type(config).__name__} has no field {' and no '.join(missing)}")
    typed: ClassifierConfig = config  # type: ignore[assignment]  # as was just checked
    return typed
