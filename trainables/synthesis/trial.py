"""One trial of any synthesis study: the best epoch, measurement, saving, resuming."""

import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from searchspace.unet import Cost
from trainables.data.grid import otsu
from trainables.models.ct.mirrored import Mirrored
from trainables.models.ct.networks import build_network
from trainables.models.modes import weights_of, with_weights
from trainables.runtime.device import autocast, channels_last
from trainables.runtime.memory import BYTES, Need, known_limit
from trainables.runtime.seeding import generator, seeded
from trainables.saved.checkpoint import UNetCard, save_model
from trainables.study import ranking_file
from trainables.study.report import Level, Report, Rung
from trainables.study.trial import Trainable
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.constant import lost_skill
from trainables.synthesis.measurement import (
    DISTURBED,
    Measurement,
    Robustness,
    measure_clean,
    measure_robust,
)
from trainables.synthesis.preparation.assets import Data
from trainables.synthesis.robustness.audit import audit, guards
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import Split
from trainables.synthesis.training.artefacts import scan_anew
from trainables.synthesis.training.augmentation import augment, mirror
from trainables.synthesis.training.average import Average
from trainables.synthesis.training.effort import speed
from trainables.synthesis.training.epoch import (
    Practice,
    steps_of,
    train_epoch,
    validation_error,
    validation_loss,
)
from trainables.synthesis.training.loss import training_loss
from trainables.synthesis.training.recipe import NetworkConfig, Recipe, lr_factor
from trainables.synthesis.training.regimes import REGIMES, Attacker
from trainables.synthesis.unlike import describe

ATTACK_BYTES = 2**30  # greatest size of the activations of an attack's batch
ATTACK_BATCH = 64
# Of a parameter: itself, its gradient, the three moments of AMSGrad, the running mean, the best
# epoch's, a spare.
COPIES = 8
TISSUE_SUBJECTS = 32  # whose MR the card remembers


@dataclass(frozen=True)
class Best:
    """The best epoch so far on val.

    Attributes:
        epoch: Its number, from 1.
        loss: On val: what the settings choose the epoch by.
        train_loss: The mean loss of its training.
        weights: Of the network.
    """

    epoch: int
    loss: float
    train_loss: float
    weights: dict[str, Tensor]


@final
class SynthesisTrial(Trainable):
    """Trains one network by a recipe, and measures the best epoch on val.

    Args:
        study: Name of the study, for the model's card.
        config: The trial's whole config.
        settings: Of the run, with the trial's seed.
        data: The splits that a trial may see.
        cost: Of the network.
    """

    def __init__(
        self,
        *,
        study: str,
        config: NetworkConfig,
        settings: SynthesisSettings,
        data: Data,
        cost: Cost,
    ) -> None:
        super().__init__()
        self.study, self.config, self.settings, self.data = study, config, settings, data
        self.train_slices = data.train.trimmed()
        self.cost, self.device = cost, torch.device(settings.device)
        batch_size = attack_batch(settings, cost, passes=1 + config.mirrored)
        self.measurement = Measurement(settings.attack, settings.eps, settings.seed, batch_size)
        with seeded(self.device, settings.seed, "initialisation"):
            network = build_network(
                config.architecture,
                config.kernels,
                config.norm,
                settings.channels,
                config.slice_norm,
            )
        self.single = channels_last(network.to(self.device))
        self.network = Mirrored(self.single, self.axis) if config.mirrored else self.single
        self.optimiser = _optimiser(self.network, config)
        self.average = Average(self.network, config.ema) if config.ema else None
        self.best: Best | None = None
        self.evaluation: tuple[int, Level | None, Robustness] | None = None

    def step(self) -> None:
        """Train one epoch, measure it on val, and keep its weights if it is the best so far."""
        started, seed, cpu = time.perf_counter(), self.settings.seed, torch.device("cpu")
        loss = train_epoch(
            self.network,
            self.optimiser,
            self.train_slices,
            self._practice(),
            batch_size=self.config.batch_size,
            generator=generator(cpu, seed, self.epoch, "order"),
            autocast=autocast(self.device, self.settings.precision),
            slices=self.slices,
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
            norm=self.config.norm,
            size=self.settings.size,
            field_mm=self.settings.field_mm,
            normalisation=self.settings.normalisation,
            tissue=_tissue(self.data.train),
            neighbours=self.settings.neighbours,
            mirrored=self.axis if self.config.mirrored else None,
            slice_norm=self.config.slice_norm,
            heads=describe(self.data.train.subjects[:TISSUE_SUBJECTS], self.settings.pixel_mm),
            provenance={
                "study": self.study,
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
        """Return the weights, their mean, the moments of the optimiser, and the best epoch."""
        average = self.average
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": average and {"weights": average.weights, "steps": average.steps},
            "best": self.best and asdict(self.best),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average.load(dict(state["average"]["weights"]), state["average"]["steps"])
        self.best = Best(**state["best"]) if state["best"] else None

    @cached_property
    def slices(self) -> int:
        """The number of slices of an epoch."""
        usual = self.settings.epoch_slices or len(self.train_slices)
        if self.settings.equal == "slices":
            return usual
        return max(2, round(usual * speed(self.config, self.settings)))

    @property
    def axis(self) -> Literal["first", "second"]:
        """The axis of a slice along which left and right lie."""
        return "second" if self.settings.left_right == "second" else "first"

    @property
    def steps(self) -> int:
        """The number of steps of an epoch."""
        return steps_of(self.slices, self.config.batch_size)

    @property
    def epochs_since_best(self) -> int:
        """The number of epochs since the best one, for early stopping."""
        return self.epoch - self._best().epoch

    def at_best(self) -> AbstractContextManager[None]:
        """Load the best epoch's weights; the current ones return when the block ends."""
        return with_weights(self.network, self._best().weights)

    def _practice(self) -> Practice:
        """Return what is done with each batch of this epoch."""
        config, settings = self.config, self.settings
        loss = training_loss(config.loss, config.background)
        attacker = Attacker(
            network=self.single,  # as it is trained
            loss=loss,
            eps=config.attack_eps,
            steps=config.attack_steps,
            generator=generator(torch.device("cpu"), settings.seed, self.epoch, "replacement"),
        )
        steps = self.steps
        numbers = count(self.epoch * steps)

        def set_rate() -> None:
            share = lr_factor(config.schedule, next(numbers) / (settings.epochs * steps))
            for group in self.optimiser.param_groups:
                group["lr"] = config.lr * share

        def take_up() -> None:
            if self.average is not None:
                self.average.update(self.network)

        return Practice(
            loss=loss,
            replace=REGIMES[config.regime](attacker),
            augment=(partial(mirror, axis=self.axis),) * settings.flip
            + (partial(augment, by=config.augment_by),) * config.augment
            + (partial(scan_anew, by=config.artefacts),) * (config.artefacts > 0),
            before_step=set_rate,
            after_step=take_up,
        )

    def _validate(self, train_loss: float) -> None:
        started = time.perf_counter()
        averaged = self.average and with_weights(self.network, self.average.weights)
        with averaged or nullcontext():
            loss = self._val_loss()
            # A diverged epoch ranks last; NaN would compare as neither better nor worse.
            loss = math.inf if math.isnan(loss) else loss
            if self.best is None or loss < self.best.loss:
                weights = weights_of(self.network)
                self.best = Best(self.epoch + 1, loss, train_loss, weights)
        self.spend("validation", started)

    def _val_loss(self) -> float:
        val, size = self.data.val, self.measurement.batch_size
        if self.settings.epoch_by == "loss":
            return validation_loss(self.network, val, self.device, size)
        eps = self.settings.eps[len(self.settings.eps) // 2]
        return validation_error(self.network, val, eps, self.device, size)

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
            alarms |= self._limit(robust)
            robust = replace(robust, metrics=robust.metrics | beside, constraints=alarms)
            self.evaluation = best.epoch, level, robust
        return self.evaluation[2]

    def _limit(self, robust: Robustness) -> dict[str, float]:
        """Return how much more of its clean skill disturbances take than a winner may lose."""
        limit = self.settings.max_disturbed
        if not isinstance(limit, float):
            return {}
        clean, disturbed = (
            robust.metrics[f"ranking_{kind}_{HEADLINE}"] for kind in ("clean", DISTURBED)
        )
        return {"max_disturbed": lost_skill(clean, disturbed, robust.constant) - limit}

    def _last_evaluation(self) -> tuple[Level | None, Robustness]:
        if self.evaluation is None:
            raise ValueError("nothing was evaluated yet: there is nothing to save")
        return self.evaluation[1:]


def need_of(cost: Cost) -> Need:
    """Predict the memory of a network, in training and under attack."""
    return Need(COPIES * cost.parameters, cost.activations)


def _tissue(split: Split) -> float:
    """Return the median MR of tissue, that of the middle subject of some."""
    medians = []
    for subject in split.subjects[:TISSUE_SUBJECTS]:
        mr = np.asarray(subject.mr, dtype=np.float32)
        medians.append(float(np.median(mr[mr > otsu(mr)])))
    return float(np.median(medians))


def _optimiser(network: torch.nn.Module, config: Recipe) -> torch.optim.Optimizer:
    weights, lr, decay = network.parameters(), config.lr, config.weight_decay
    if config.optimiser == "amsgrad":
        return torch.optim.Adam(weights, lr=lr, weight_decay=decay, amsgrad=True)
    return torch.optim.AdamW(weights, lr=lr, weight_decay=decay)


def attack_batch(settings: SynthesisSettings, cost: Cost, passes: int) -> int:
    """Return how many slices are attacked at a time: what the limit of memory has room for.

    Args:
        settings: Of the run.
        cost: Of the network.
        passes: Forward passes of a prediction, all of which an attack keeps.
    """
    cost = replace(cost, activations=passes * cost.activations)
    greatest = max(1, min(ATTACK_BATCH, ATTACK_BYTES // (BYTES * cost.activations)))
    gib = known_limit(settings.max_memory)
    return need_of(cost).images(gib, greatest) if gib else greatest
