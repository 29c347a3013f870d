"""One trial of TSynD: a classifier trained in one regime [tsynd]."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from trainables.classification.assets import Data, at_most, read_data
from trainables.classification.audit import audit, guards
from trainables.classification.measurement import (
    ATTACK_BATCH,
    Protocol,
    Robustness,
    measure_clean,
    measure_robust,
)
from trainables.classification.memory import need_of
from trainables.data.dataset import Task
from trainables.generative.frozen_autoencoder import FrozenAutoencoder, read_autoencoder
from trainables.metrics.intervals import curve_interval
from trainables.runtime.device import autocast, resolve_precision
from trainables.runtime.memory import known_limit
from trainables.runtime.seeding import derive, generator, seeded
from trainables.saved.checkpoint import ModelCard, save_model
from trainables.studies.tsynd.epoch import train_epoch
from trainables.studies.tsynd.regimes import REGIMES, Batch, Synthesis
from trainables.studies.tsynd.settings import Settings, TSynDConfig
from trainables.study.report import Level, Report, Rung
from trainables.study.trial import Trainable

AUTOENCODER = "autoencoder.safetensors"
# Shares of the budget after which the learning rate falls tenfold, as in the benchmark [medmnist].
MILESTONES = (0.5, 0.75)


@dataclass(frozen=True)
class Shared:
    """What all trials of a process read: data, codes of the training images, autoencoder."""

    data: Data
    codes: Tensor
    autoencoder: FrozenAutoencoder


@dataclass(frozen=True)
class Best:
    """The best epoch so far on val: higher scores first, then lower loss."""

    epoch: int
    key: tuple[float, ...]
    metrics: dict[str, float]
    weights: dict[str, Tensor]


@final
class TSynDTrial(Trainable):
    """Trains one classifier in one regime.

    The batch halves, the images made anew at every step and the best epoch on val are the paper's
    [tsynd, section 3.2]. The best epoch is the one of the highest balanced accuracy on val, then of
    the lowest loss: plain accuracy, which the paper seems to use, would let a collapsed classifier
    win on imbalanced data.
    """

    def __init__(self, config: TSynDConfig, settings: Settings, shared: Shared) -> None:
        super().__init__()
        self.config, self.settings, self.shared = config, settings, shared
        self.device = torch.device(settings.device)
        self.protocol = _protocol(settings, shared.data.task)
        self.card = ModelCard(
            classifier=settings.classifier,
            channels=shared.data.train.images.shape[1],
            size=settings.size,
            task=shared.data.task,
            classes=shared.data.classes,
            dropout=config.dropout,
        )
        with seeded(self.device, settings.seed, "initialisation"):
            self.classifier = self.card.build().to(self.device)
        self.optimiser = torch.optim.Adam(
            self.classifier.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        milestones = [math.ceil(share * settings.epochs) for share in MILESTONES]
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, milestones)
        self.best: Best | None = None
        self.measured: tuple[int, Level | None, Robustness] | None = None

    def step(self) -> None:
        """Train one epoch in the trial's regime, and validate."""
        data, seed, started = self.shared.data, self.settings.seed, time.perf_counter()
        made_before = self.seconds.get("generation", 0.0)
        synthesis = self._synthesis(generator(self.device, seed, self.epoch, "synthesis"))
        dtype = resolve_precision(self.settings.precision, self.device)
        with seeded(self.device, seed, self.epoch, "dropout"):
            loss = train_epoch(
                self.classifier,
                self.optimiser,
                Batch(data.train.images, self.shared.codes, data.train.labels),
                lambda batch: self._synthesise(synthesis, batch),
                self.protocol.loss,
                half_batch=self.config.batch_size // 2,
                generator=generator(torch.device("cpu"), seed, self.epoch, "order"),
                autocast=autocast(self.device, dtype),
            )
        self.schedule.step()
        making = self.seconds.get("generation", 0.0) - made_before
        self.spend("training", started + making)
        self._validate(loss)

    def evaluate(self, rung: Rung) -> Report:
        """Measure the best epoch on the ranking split, once for each new best and level."""
        started = time.perf_counter()
        best, robust = self._best(), self._measure_best(rung.level)
        interval = self._interval(robust, self.protocol.at(rung.level).ranking_metric)
        self.spend("evaluation", started)
        return Report(
            epoch=self.epoch,
            metrics=robust.metrics | best.metrics,
            intervals=interval,
            constraints=robust.constraints,
            seconds=self.seconds,
            best_epoch=best.epoch,
        )

    def save(self, folder: Path) -> None:
        """Write the best epoch's model, and the answers that its rank rests on."""
        best, robust = self._best(), self._last_measured()
        provenance = {
            "study": "tsynd",
            "config": self.config.model_dump(),
            "settings": self.settings.model_dump(mode="json"),
            "epoch": best.epoch,
        }
        with self.at_best():
            card = self.card.model_copy(update={"provenance": provenance})
            save_model(folder, self.classifier, card)
        report = robust.ranked
        arrays = {"scores": report.correct, "labels": report.labels, "eps": np.array(report.eps)}
        np.savez(folder / "ranking.npz", allow_pickle=False, **arrays)

    def state(self) -> dict[str, Any]:
        """Return weights, moments of the optimiser, and the best epoch so far."""
        return {
            "classifier": self.classifier.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.last_epoch,
            "best": self.best and asdict(self.best),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self.classifier.load_state_dict(state["classifier"])
        self.optimiser.load_state_dict(state["optimiser"])  # and with it the learning rate
        self.schedule.last_epoch = state["schedule"]
        best = state["best"]
        self.best = Best(**best | {"key": tuple(best["key"])}) if best else None

    def _synthesis(self, dice: torch.Generator) -> Synthesis:
        config, autoencoder = self.config, self.shared.autoencoder
        return Synthesis(
            classifier=self.classifier,
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
            loss=self.protocol.loss,
            multi_label=self.shared.data.task == "multi-label",
            generator=dice,
        )

    def _synthesise(self, synthesis: Synthesis, batch: Batch) -> Tensor | None:
        started = time.perf_counter()
        made = REGIMES[self.config.regime](synthesis, batch)
        self.spend("generation", started)
        return made

    def _validate(self, train_loss: float) -> None:
        started = time.perf_counter()
        metrics = measure_clean(self.classifier, self.shared.data.val, self.protocol, "val")
        ranks = metrics[f"val_clean_{self.protocol.headline}"], -metrics["val_loss"]
        # A diverged epoch is the worst; as NaN it would be neither better nor worse than any.
        key = tuple(-math.inf if math.isnan(value) else value for value in ranks)
        if self.best is None or key > self.best.key:
            weights = {name: value.clone() for name, value in self.classifier.state_dict().items()}
            metrics["train_loss"] = train_loss
            self.best = Best(self.epoch + 1, key, metrics, weights)
        self.spend("validation", started)

    def _best(self) -> Best:
        if self.best is None:
            raise ValueError("no epoch was trained yet: there is nothing to evaluate")
        return self.best

    def _measure_best(self, level: Level | None) -> Robustness:
        epoch = self._best().epoch
        if self.measured is None or self.measured[:2] != (epoch, level):
            protocol = self.protocol.at(level)
            images = (level and level.images) or self.settings.ranking_images
            ranking = at_most(self.shared.data.ranking, images)
            # Decides nothing; beside the ranking's values it shows what selection flattered.
            val = at_most(self.shared.data.val, images)
            with self.at_best():
                found = measure_robust(self.classifier, ranking, protocol)
                beside = measure_robust(self.classifier, val, protocol, "val").metrics
                alarms = guards(found, protocol)
                if level and level.audit:
                    alarms |= audit(self.classifier, ranking, protocol)
            robust = replace(found, metrics=beside | found.metrics, constraints=alarms)
            self.measured = epoch, level, robust
        return self.measured[2]

    def _last_measured(self) -> Robustness:
        if self.measured is None:
            raise ValueError("nothing was evaluated yet: there is nothing to save")
        return self.measured[2]

    @contextmanager
    def at_best(self) -> Iterator[None]:
        """Put the best epoch's weights in place of the current ones."""
        current = {name: value.clone() for name, value in self.classifier.state_dict().items()}
        self.classifier.load_state_dict(self._best().weights)
        try:
            yield
        finally:
            self.classifier.load_state_dict(current)

    def _interval(self, robust: Robustness, metric: str) -> dict[str, tuple[float, float]]:
        if self.protocol.headline != "bacc":
            return {}
        report, seed = robust.ranked, derive(self.settings.seed, "bootstrap")
        found = curve_interval(report.correct, report.labels, report.eps, seed=seed)
        return {metric: (found.low, found.high)}


def _protocol(settings: Settings, task: Task) -> Protocol:
    batch_size = ATTACK_BATCH
    if gib := known_limit(settings.max_memory):
        need = need_of(settings.classifier, settings.dataset, settings.size)
        batch_size = need.images(gib, ATTACK_BATCH)
    return Protocol(task, settings.attack, settings.eps, settings.seed, batch_size=batch_size)


@lru_cache(maxsize=1)
def read_shared(assets: Path, device_name: str) -> Shared:
    """Read what `prepare` wrote, once a process."""
    device = torch.device(device_name)
    data, autoencoder = read_data(assets, device), read_autoencoder(assets / AUTOENCODER, device)
    # Encoded once: the autoencoder never changes, and every step of every trial starts from these
    # codes.
    batches = data.train.images.split(256)
    with torch.no_grad():
        codes = torch.cat([autoencoder.model.quantise(batch.float() / 255) for batch in batches])
    return Shared(data, codes, autoencoder)
