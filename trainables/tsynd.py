"""The TSynD study: classifiers trained beside images of high epistemic uncertainty [tsynd].

What the paper leaves open, and the choices made, are listed in docs/tsynd.md.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from searchspace.space import Space
from searchspace.tsynd import SPACE
from trainables.checkpoint import ModelCard, save_model
from trainables.classification.assets import (
    Data,
    at_most,
    open_splits,
    read_data,
    to_tensors,
    write_data,
)
from trainables.classification.audit import audit, guards
from trainables.classification.measurement import (
    Protocol,
    Robustness,
    measure_clean,
    measure_robust,
    measured,
)
from trainables.classification.naming import headline
from trainables.classification.pilot import choose_eps
from trainables.config import parse
from trainables.data.dataset import Task
from trainables.device import autocast, resolve_precision, threads
from trainables.metrics.intervals import curve_interval
from trainables.protocol import (
    Chosen,
    Config,
    Directions,
    Facts,
    Floor,
    Level,
    Reference,
    Report,
    Rung,
    Say,
    Trainable,
)
from trainables.seeding import derive, generator, seeded
from trainables.training.autoencoder import AutoencoderSettings, measure_reconstruction
from trainables.training.epoch import train_epoch
from trainables.training.frozen_autoencoder import (
    FrozenAutoencoder,
    obtain_autoencoder,
    read_autoencoder,
)
from trainables.training.regimes import REGIMES, Batch, Synthesis
from trainables.tsynd_config import Settings, TSynDConfig

BASELINE = "baseline"
AUTOENCODER = "autoencoder.safetensors"
AUTOENCODER_THREADS = 2  # fixed, so that a run's results do not depend on how many cores there are
# Shares of the budget after which the learning rate falls tenfold, as in the benchmark [medmnist].
MILESTONES = (0.5, 0.75)


def parse_settings(values: Mapping[str, Any]) -> Settings:
    """Validate what is fixed for a run; raises UserError with one clear line."""
    return parse(Settings, values)


def space(settings: Settings) -> Space:
    """Return what varies: the same whatever is fixed."""
    del settings
    return SPACE


def complete(sample: Config, settings: Settings) -> dict[str, Any]:
    """Turn a point of the space into a full config."""
    del settings  # nothing of a config depends on them
    return parse(TSynDConfig, sample).model_dump()


def limits(config: Config, settings: Settings) -> dict[str, float]:
    """Return no constraint: every config of the space can be trained."""
    del config, settings
    return {}


def ladder(settings: Settings) -> tuple[Rung, ...]:
    """List the rungs on which trials are compared."""
    return settings.rungs


def floor(settings: Settings) -> Floor:
    """Demand a clean score close to the baseline's."""
    metric = f"ranking_clean_{headline(settings.task)}"
    return Floor("clean_floor", metric, BASELINE, settings.floor)


def references(settings: Settings) -> tuple[Reference, ...]:
    """List the trials of every run: the paper's arms, the control it lacks, and a yardstick."""
    scaled = any(getattr(settings, name) != value for name, value in Settings.PAPER.items())

    def reference(label: str, *, essential: bool = False, **config: Any) -> Reference:  # noqa: ANN401
        whole = parse(TSynDConfig, config)
        control = whole.regime != "tsynd"
        # A control carries unused parameters, and would teach the sampler its value for them.
        point = None if control else SPACE.restrict(whole.model_dump())
        return Reference(label, whole.model_dump(), scaled, essential, control, point)

    return (
        reference(BASELINE, regime="baseline", essential=True),
        reference("reconstruction", regime="reconstruction"),
        reference("noise", regime="noise", latent_sigma=1.0),
        reference("adversarial", regime="adversarial"),
        *(
            reference(
                f"paper {iterations}/{sigma}",
                essential=(iterations, sigma) == (50, 1.0),
                latent_lr=0.1,
                latent_iterations=iterations,
                latent_sigma=sigma,
            )
            for iterations in (50, 100)
            for sigma in (0.1, 1.0)
        ),
    )


def metrics(settings: Settings) -> Directions:
    """List every metric that a trial reports, and whether more or less of it is better."""
    kinds = {rung.level.attack for rung in settings.rungs if rung.level}
    found: dict[str, Literal["max", "min"]] = {"train_loss": "min"}
    for kind in sorted(kinds):
        found |= measured(kind, settings.eps)
    return found


def prepare(settings: Settings, assets: Path, say: Say) -> Facts:
    """Split the data and train the autoencoder; write both for the trials."""
    dataset, splits = open_splits(settings, say)
    write_data(assets, dataset, splits)
    device = torch.device(settings.device)
    ours = AutoencoderSettings(steps=settings.autoencoder_steps, seed=settings.seed)
    unlabelled = to_tensors(splits.take(dataset, "autoencoder"), device).images
    with threads(AUTOENCODER_THREADS):
        autoencoder = obtain_autoencoder(unlabelled, ours, settings.cache, say)
    autoencoder.write(assets / AUTOENCODER)
    held_out = to_tensors(splits.take(dataset, "val"), device).images
    error = measure_reconstruction(autoencoder.model, held_out)
    reconstructs = (
        f"autoencoder: {len(unlabelled)} images, mean absolute error {error.mae:.3f}, "
        f"{error.psnr:.1f} dB on val, {error.codes_used} of {ours.n_codes} codes in use"
    )
    facts = Facts(
        digests={
            "data": dataset.digest,
            "splits": splits.digest,
            "autoencoder": autoencoder.digest,
        },
        lines=(dataset.source, *splits.notes, reconstructs),
        default_metric=settings.rungs[-1].metric,
        details={"autoencoder_mae": error.mae, "autoencoder_psnr_db": error.psnr},
    )
    return facts.choosing(_choose_eps(settings, assets, say)) if settings.eps_auto else facts


def build(config: Config, settings: Settings, assets: Path) -> Trainable:
    """Make one trial; what trials share is read once a process."""
    return TSynDTrial(parse(TSynDConfig, config), settings, _read_shared(assets, settings.device))


def _choose_eps(settings: Settings, assets: Path, say: Say) -> Chosen:
    """Train the baseline, and choose the radii by it."""
    say(f"training the {BASELINE}, to choose eps ...")
    baseline = parse(TSynDConfig, {"regime": "baseline"})
    trial = TSynDTrial(baseline, settings, _read_shared(assets, settings.device))
    trial.train(settings.epochs)
    with trial.at_best():
        return choose_eps(trial.classifier, trial.shared.data.val, trial.protocol, BASELINE)


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
    return Protocol(task, settings.attack, settings.eps, settings.seed)


@lru_cache(maxsize=1)
def _read_shared(assets: Path, device_name: str) -> Shared:
    device = torch.device(device_name)
    data, autoencoder = read_data(assets, device), read_autoencoder(assets / AUTOENCODER, device)
    # Encoded once: the autoencoder never changes, and every step of every trial starts from these
    # codes.
    batches = data.train.images.split(256)
    with torch.no_grad():
        codes = torch.cat([autoencoder.model.quantise(batch.float() / 255) for batch in batches])
    return Shared(data, codes, autoencoder)
