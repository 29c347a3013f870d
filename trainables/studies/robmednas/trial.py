"""One trial of RobMedNAS: a U-Net trained to predict CT from MR [robmednas]."""

import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from searchspace.unet import Cost, cost
from searchspace.unet import parse as parse_architecture
from trainables.models.modes import weights_of, with_weights
from trainables.models.unet import UNet
from trainables.runtime.device import autocast, channels_last, resolve_precision
from trainables.runtime.memory import BYTES, Need, known_limit
from trainables.runtime.seeding import generator, seeded
from trainables.saved.checkpoint import UNetCard, save_model
from trainables.studies.robmednas.settings import RobMedNASConfig
from trainables.study import ranking_file
from trainables.study.report import Level, Report, Rung
from trainables.study.trial import Trainable
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.assets import Data, read_data
from trainables.synthesis.measurement import (
    Measurement,
    Robustness,
    measure_clean,
    measure_robust,
)
from trainables.synthesis.robustness.audit import audit, guards
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import Split
from trainables.synthesis.training.epoch import train_epoch, validation_loss
from trainables.synthesis.training.regimes import REGIMES

ATTACK_BYTES = 2**30  # greatest size of the activations of an attack's batch
ATTACK_BATCH = 64
# Of a parameter: itself, its gradient, the three moments of AMSGrad, the best epoch's, a spare.
COPIES = 7


@dataclass(frozen=True)
class Best:
    """The epoch of the lowest loss on val so far.

    Attributes:
        epoch: Its number, from 1.
        loss: On val.
        train_loss: The mean loss of its training.
        weights: Of the network.
    """

    epoch: int
    loss: float
    train_loss: float
    weights: dict[str, Tensor]


@final
class RobMedNASTrial(Trainable):
    """Trains one U-Net, and measures the epoch of the lowest loss on val [robmednas].

    Args:
        config: The trial's whole config.
        settings: Of the run, with the trial's seed.
        data: The splits that a trial may see.
    """

    def __init__(self, config: RobMedNASConfig, settings: SynthesisSettings, data: Data) -> None:
        super().__init__()
        self.config, self.settings, self.data = config, settings, data
        self.device = torch.device(settings.device)
        self.architecture = parse_architecture(config.architecture)
        self.cost = cost(self.architecture, config.kernels, settings.size, settings.size)
        self.measurement = _measurement(settings, self.cost)
        with seeded(self.device, settings.seed, "initialisation"):
            network = UNet(self.architecture, config.kernels)
        self.network = channels_last(network.to(self.device))
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.lr, amsgrad=True)
        self.best: Best | None = None
        self.evaluation: tuple[int, Level | None, Robustness] | None = None

    def step(self) -> None:
        """Train one epoch, measure it on val, and keep its weights if it is the best so far."""
        started, seed, cpu = time.perf_counter(), self.settings.seed, torch.device("cpu")
        replacement = generator(cpu, seed, self.epoch, "replacement")
        loss = train_epoch(
            self.network,
            self.optimiser,
            self.data.train,
            REGIMES[self.config.regime](self.network, self.config.attack_eps, replacement),
            batch_size=self.config.batch_size,
            flip=self.settings.flip,
            generator=generator(cpu, seed, self.epoch, "order"),
            autocast=autocast(self.device, resolve_precision(self.settings.precision, self.device)),
        )
        self.spend("training", started)
        self._validate(loss)

    def evaluate(self, rung: Rung) -> Report:
        """Measure the best epoch on the ranking split, once for each new best and level."""
        started = time.perf_counter()
        best, robust = self._best(), self._measure_best(rung.level)
        self.spend("evaluation", started)
        return Report(
            epoch=self.epoch,
            metrics=robust.metrics,
            intervals=robust.intervals,
            constraints=robust.constraints,
            seconds=self.seconds,
            best_epoch=best.epoch,
        )

    def save(self, folder: Path) -> None:
        """Write the best epoch's model, and the scores of the subjects behind its rank."""
        best, (level, robust) = self._best(), self._last_evaluation()
        card = UNetCard(
            architecture=self.config.architecture,
            kernels=self.config.kernels,
            size=self.settings.size,
            field_mm=self.settings.field_mm,
            provenance={
                "study": "robmednas",
                "config": self.config.model_dump(),
                "settings": self.settings.model_dump(mode="json"),
                "epoch": best.epoch,
            },
        )
        with self.at_best():
            save_model(folder, self.network, card)
        scores = robust.curves[self.measurement.at(level).attack][HEADLINE]
        labels = np.zeros(scores.shape[1], dtype=np.int64)  # subjects have no classes
        ranking_file.write(folder, scores, labels, robust.eps, scale=(robust.constant, 0.0))

    def state(self) -> dict[str, Any]:
        """Return the weights, the moments of the optimiser, and the best epoch so far."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best": self.best and asdict(self.best),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best = Best(**state["best"]) if state["best"] else None

    @property
    def epochs_since_best(self) -> int:
        """The number of epochs since the best one, for early stopping."""
        return self.epoch - self._best().epoch

    def at_best(self) -> AbstractContextManager[None]:
        """Load the best epoch's weights; the current ones return when the block ends."""
        return with_weights(self.network, self._best().weights)

    def _validate(self, train_loss: float) -> None:
        started = time.perf_counter()
        loss = validation_loss(
            self.network, self.data.val, self.device, self.measurement.batch_size
        )
        # A diverged epoch ranks last; NaN would compare as neither better nor worse.
        loss = math.inf if math.isnan(loss) else loss
        if self.best is None or loss < self.best.loss:
            weights = weights_of(self.network)
            self.best = Best(self.epoch + 1, loss, train_loss, weights)
        self.spend("validation", started)

    def _best(self) -> Best:
        if self.best is None:
            raise ValueError("no epoch was trained yet: there is nothing to evaluate")
        return self.best

    def _measure_best(self, level: Level | None) -> Robustness:
        best, measurement = self._best(), self.measurement.at(level)
        if self.evaluation is None or self.evaluation[:2] != (best.epoch, level):
            ranking = self.data.ranking
            if level and level.images:
                ranking = Split(ranking.subjects[: level.images])
            with self.at_best():
                robust = measure_robust(self.network, ranking, measurement, self.device, "ranking")
                beside = measure_clean(self.network, self.data.val, measurement, self.device, "val")
                alarms = guards(robust, self.network, ranking, measurement, self.device)
                if level and level.audit:
                    alarms |= audit(self.network, ranking, measurement, self.device)
            beside |= {"val_loss": best.loss, "train_loss": best.train_loss}
            beside |= {
                "parameters": self.cost.parameters,
                "multiply_adds": self.cost.multiply_adds,
            }
            robust = replace(robust, metrics=robust.metrics | beside, constraints=alarms)
            self.evaluation = best.epoch, level, robust
        return self.evaluation[2]

    def _last_evaluation(self) -> tuple[Level | None, Robustness]:
        if self.evaluation is None:
            raise ValueError("nothing was evaluated yet: there is nothing to save")
        return self.evaluation[1:]


@lru_cache(maxsize=1)
def read_shared(assets: Path) -> Data:
    """Map the splits of a run, once a process."""
    return read_data(assets)


def need_of(cost: Cost) -> Need:
    """Predict the memory of a network, in training and under attack."""
    return Need(COPIES * cost.parameters, cost.activations)


def _measurement(settings: SynthesisSettings, cost: Cost) -> Measurement:
    greatest = max(1, min(ATTACK_BATCH, ATTACK_BYTES // (BYTES * cost.activations)))
    gib = known_limit(settings.max_memory)
    batch_size = need_of(cost).images(gib, greatest) if gib else greatest
    return Measurement(settings.attack, settings.eps, settings.seed, batch_size)
