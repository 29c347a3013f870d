"""One trial of any classification study: the best epoch, measurement, saving, resuming."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, final

import torch
from torch import Tensor

from trainables.attacks.evaluation import PREDICTION_FACTOR, predict_logits
from trainables.classification.assets import Data, at_most
from trainables.classification.audit import audit, guards, worst_of
from trainables.classification.learner import Choice, ClassifierConfig, Learner, Lesson
from trainables.classification.measurement import (
    ATTACK_BATCH,
    Measurement,
    Robustness,
    measure_clean,
    measure_corrupted,
    measure_robust,
    point_metric,
)
from trainables.classification.operating_point import absorb_threshold
from trainables.classification.settings import ClassificationSettings
from trainables.data.task import Task
from trainables.metrics.classification import ORDERS
from trainables.metrics.intervals import summary_interval
from trainables.metrics.orders.answers import ImageScores, image_scores, order_intervals
from trainables.metrics.skill import CURVE, PERFECT, SKILL, Area, Skill, Summary
from trainables.models.modes import weights_of, with_weights
from trainables.runtime.device import channels_last
from trainables.runtime.memory import Need
from trainables.runtime.seeding import derive, seeded
from trainables.saved.checkpoint import ModelCard, save_model
from trainables.study import ranking_file
from trainables.study.report import Level, Report, Rung
from trainables.study.trial import Trainable

MakeLearner = Callable[[Lesson], Learner]


@dataclass(frozen=True)
class Best:
    """The best epoch so far on val.

    Attributes:
        epoch: Its number, from 1.
        key: Its score and its loss with the sign changed: the greatest key is the best.
        metrics: On val, and the training loss.
        weights: Of the classifier.
    """

    epoch: int
    key: tuple[float, ...]
    metrics: dict[str, float]
    weights: dict[str, Tensor]


@final
class ClassifierTrial(Trainable):
    """Trains one classifier with a learner, and measures the best epoch on val.

    The best epoch has the highest score on val that the settings name (by default balanced
    accuracy, multi-label: macro AUC), and among equals the lowest loss. By plain accuracy, a
    classifier that always gives the same answer would win on imbalanced data.

    Args:
        study: Name of the study, for the model's card.
        config: The trial's whole config.
        settings: Of the run, with the trial's seed.
        data: The splits that a trial may see. The learner sees train alone.
        make_learner: Makes the learner that trains the classifier.
        need: The predicted memory, which limits how many images are attacked at a time.
        choice: Chooses the epoch; None for the score on val.
        alarms: Raised by the study's assets; every report has them.
    """

    best: Best | None = None
    evaluation: tuple[int, Level | None, Robustness] | None = None

    def __init__(
        self,
        *,
        study: str,
        config: ClassifierConfig,
        settings: ClassificationSettings,
        data: Data,
        make_learner: MakeLearner,
        need: Need,
        choice: Choice | None = None,
        alarms: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.study, self.config, self.settings, self.data = study, config, settings, data
        self.choice, self.alarms, self.device = choice, dict(alarms), torch.device(settings.device)
        self.measurement = measurement_of(settings, data.task, need)
        self.card = _card_of(settings, data, config.dropout)
        with seeded(self.device, settings.seed, "initialisation"):
            self.classifier = channels_last(self.card.build().to(self.device))
        self.learner = make_learner(
            Lesson(
                classifier=self.classifier,
                train=data.train,
                task=data.task,
                loss=self.measurement.loss,
                epochs=settings.epochs,
                seed=settings.seed,
                device=self.device,
                precision=settings.precision,
                spend=self.spend,
            )
        )

    def step(self) -> None:
        """Train one epoch, measure it on val, and keep its weights if it is the best so far."""
        started, spent = time.perf_counter(), sum(self.seconds.values())
        loss = self.learner.epoch(self.epoch)
        elsewhere = sum(self.seconds.values()) - spent  # of the learner, for other activities
        self.spend("training", started + elsewhere)
        self._validate(loss)

    def evaluate(self, rung: Rung) -> Report:
        """Measure the best epoch on the ranking split, once for each new best and level."""
        started = time.perf_counter()
        best, robust = self._best(), self._measure_best(rung.level)
        intervals = self._intervals(robust)
        self.spend("evaluation", started)
        return Report(
            epoch=self.epoch,
            metrics=robust.metrics | best.metrics,
            intervals=intervals,
            constraints=robust.constraints,
            seconds=self.seconds,
            best_epoch=best.epoch,
        )

    def save(self, folder: Path) -> None:
        """Write the best epoch's model, and the answers behind its rank."""
        best, robust = self._best(), self._last_robustness()
        provenance = {
            "study": self.study,
            "config": self.config.model_dump(),
            "settings": self.settings.model_dump(mode="json"),
            "epoch": best.epoch,
        }
        with self.at_best():
            card = self.card.model_copy(update={"provenance": provenance})
            save_model(folder, self.classifier, card)
        report, numbers = robust.ranking_report, self._numbers(robust)
        if numbers is None:
            ranking_file.write(folder, report.correct, report.labels, report.eps)
        else:
            scale = (numbers.zero, PERFECT)
            ranking_file.write(folder, numbers.scores, numbers.classes, report.eps, scale)

    def state(self) -> dict[str, Any]:
        """Return the weights, the state of the learner, and the best epoch so far."""
        return {
            "classifier": self.classifier.state_dict(),
            "learner": self.learner.state(),
            "best": self.best and asdict(self.best),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.classifier.load_state_dict(state["classifier"])
        # Older checkpoints hold the learner's parts beside the classifier's.
        self.learner.load_state(state.get("learner", state))
        best = state["best"]
        self.best = Best(**best | {"key": tuple(best["key"])}) if best else None

    def at_best(self) -> AbstractContextManager[None]:
        """Load the best epoch's weights; the current ones return when the block ends."""
        return with_weights(self.classifier, self._best().weights)

    def _validate(self, train_loss: float) -> None:
        started = time.perf_counter()
        metrics = measure_clean(self.classifier, self.data.val, self.measurement, "val")
        headline = f"val_clean_{self.measurement.headline}"
        # A diverged epoch ranks last; NaN would compare as neither better nor worse.
        if self.choice is None:
            ranks: tuple[float, ...] = (metrics[headline], -metrics["val_loss"])
        else:
            ranks = self.choice(self.classifier)
        key = tuple(-math.inf if math.isnan(value) else value for value in ranks)
        if self.best is None or key > self.best.key:
            metrics["train_loss"] = train_loss
            self.best = Best(self.epoch + 1, key, metrics, self._weights())
        self.spend("validation", started)

    def _weights(self) -> dict[str, Tensor]:
        """Return the weights, with the threshold of val in them where the settings ask for it."""
        weights = weights_of(self.classifier)
        if not self.settings.absorbs_threshold:
            return weights
        val, measurement = self.data.val, self.measurement
        size = PREDICTION_FACTOR * measurement.batch_size
        logits = predict_logits(self.classifier, val.images.float() / 255, size)
        with with_weights(self.classifier, weights):
            absorb_threshold(self.classifier, logits, val.labels, measurement.task)
            return weights_of(self.classifier)

    def _best(self) -> Best:
        if self.best is None:
            raise ValueError("no epoch was trained yet: there is nothing to evaluate")
        return self.best

    def _measure_best(self, level: Level | None) -> Robustness:
        epoch = self._best().epoch
        if self.evaluation is None or self.evaluation[:2] != (epoch, level):
            measurement = self.measurement.at(level)
            images = (level and level.images) or self.settings.ranking_images
            ranking = at_most(self.data.ranking, images)
            with self.at_best():
                robust = measure_robust(self.classifier, ranking, measurement)
                signs = guards(self.classifier, ranking, robust, measurement)
                if level and level.audit:
                    signs = worst_of(signs, audit(self.classifier, ranking, measurement))
                if self.settings.measures_corruptions:
                    corrupted = measure_corrupted(self.classifier, ranking, measurement)
                    robust = replace(robust, metrics=corrupted | robust.metrics)
            robust = replace(robust, constraints=worst_of(self.alarms, signs))
            self.evaluation = epoch, level, robust
        return self.evaluation[2]

    def _last_robustness(self) -> Robustness:
        if self.evaluation is None:
            raise ValueError("nothing was evaluated yet: there is nothing to save")
        return self.evaluation[2]

    def _intervals(self, robust: Robustness) -> dict[str, tuple[float, float]]:
        """Return the intervals of the metrics over all radii under the attack that ranks."""
        numbers, eps = self._numbers(robust), robust.ranking_report.eps
        if numbers is None:
            return {}
        summaries: dict[str, Summary] = {SKILL: Skill(eps, numbers.zero), CURVE: Area(eps)}
        seed = derive(self.settings.seed, "bootstrap")
        intervals = {}
        for point, summary in summaries.items():
            interval = summary_interval(numbers.scores, numbers.classes, summary, seed=seed)
            name = f"ranking_{robust.attack}_{self.measurement.headline}_{point}"
            intervals[name] = (interval.low, interval.high)
        return intervals | self._order_intervals(robust)

    def _order_intervals(self, robust: Robustness) -> dict[str, tuple[float, float]]:
        """Return the intervals of scores of an order at each radius, where such a score ranks."""
        report, intervals = robust.ranking_report, dict[str, tuple[float, float]]()
        for score in self.measurement.scores:
            if score in ORDERS and self.measurement.headline in ORDERS:
                bounds = order_intervals(score, report.task, report.answers(score), report.labels)
                names = [point_metric(robust.attack, score, radius) for radius in report.eps]
                intervals |= dict(zip(names, bounds, strict=True))
        return intervals

    def _numbers(self, robust: Robustness) -> ImageScores | None:
        """Return the numbers of single images behind the score that ranks."""
        report, score = robust.ranking_report, self.measurement.headline
        return image_scores(score, report.task, report.answers(score), report.labels)


def measurement_of(settings: ClassificationSettings, task: Task, need: Need) -> Measurement:
    """Return how a run measures its classifiers, in batches that fit the memory of a trial.

    Args:
        settings: Of the run.
        task: What the labels mean.
        need: Memory of a trial, as predicted.
    """
    gib = settings.memory_gib
    batch_size = need.images(gib, ATTACK_BATCH) if gib else ATTACK_BATCH
    return Measurement(
        task,
        settings.attack,
        settings.eps,
        settings.seed,
        batch_size=batch_size,
        score=settings.headline,
        scores=settings.scores,
    )


def _card_of(settings: ClassificationSettings, data: Data, dropout: float) -> ModelCard:
    """Describe the classifier of a trial, before it has a provenance."""
    return ModelCard(
        classifier=settings.classifier,
        channels=data.train.images.shape[1],
        shape=tuple(data.train.images.shape[2:]),
        task=data.task,
        classes=data.classes,
        dropout=dropout,
    )
