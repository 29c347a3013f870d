"""The TSynD study: classifiers trained beside images of high epistemic uncertainty [tsynd].

What the paper leaves open, and the choices made, are listed in docs/tsynd.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from searchspace.space import Space
from searchspace.tsynd import SPACE
from trainables.classification.assets import (
    open_splits,
    read_data,
    read_test,
    to_tensors,
    write_data,
    write_test,
)
from trainables.classification.examination import examine_classifier
from trainables.classification.measurement import measured
from trainables.classification.memory import need_of
from trainables.classification.naming import headline
from trainables.classification.pilot import choose_eps
from trainables.generative.autoencoder import AutoencoderSettings, measure_reconstruction
from trainables.generative.frozen_autoencoder import obtain_autoencoder
from trainables.runtime.config import parse
from trainables.runtime.device import threads
from trainables.runtime.memory import known_limit
from trainables.saved.checkpoint import load_classifier
from trainables.studies.tsynd.pictures import (
    Studio,
    draw_adversarial,
    draw_attention,
    draw_optimised,
)
from trainables.studies.tsynd.settings import Settings, TSynDConfig
from trainables.studies.tsynd.trial import AUTOENCODER, TSynDTrial, read_shared
from trainables.study.examination import Exam, Examination
from trainables.study.report import Rung
from trainables.study.sheet import Sheet
from trainables.study.study import (
    MEMORY,
    WINNER,
    Chosen,
    Config,
    Directions,
    Facts,
    Floor,
    Reference,
    Say,
)
from trainables.study.trial import Trainable

BASELINE = "baseline"
AUTOENCODER_THREADS = 2  # fixed, so that a run's results do not depend on how many cores there are


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
    """Compute by how much a trial exceeds the limit of memory; it is the same for all of a run."""
    gib = known_limit(settings.max_memory)
    if gib is None:
        return {}
    need = need_of(settings.classifier, settings.dataset, settings.size)
    return {MEMORY: need.excess(gib, config["batch_size"])}


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
    return TSynDTrial(parse(TSynDConfig, config), settings, read_shared(assets, settings.device))


def _choose_eps(settings: Settings, assets: Path, say: Say) -> Chosen:
    """Train the baseline, and choose the radii by it."""
    say(f"training the {BASELINE}, to choose eps ...")
    baseline = parse(TSynDConfig, {"regime": "baseline"})
    trial = TSynDTrial(baseline, settings, read_shared(assets, settings.device))
    trial.train(settings.epochs)
    with trial.at_best():
        return choose_eps(trial.classifier, trial.shared.data.val, trial.protocol, BASELINE)


def open_test(settings: Settings, assets: Path, folder: Path, say: Say) -> None:
    """Write the test images into a folder, unless they are there."""
    del assets  # the official splits share no image; see `trainables.data.splits`
    write_test(folder, settings, say)


def illustrate(models: Mapping[str, Path], assets: Path, settings: Settings) -> tuple[Sheet, ...]:
    """Show the images that the winner's regime makes, and baseline against winner."""
    shared = read_shared(assets, settings.device)
    studio = Studio(
        shared.data, shared.autoencoder.model, shared.autoencoder.latent_std, settings.seed
    )
    found = {name: load_classifier(models[name]) for name in (BASELINE, WINNER) if name in models}
    classifiers = {name: one.to(settings.device) for name, (one, _) in found.items()}
    config = parse(TSynDConfig, found[WINNER][1].provenance["config"])
    return (
        draw_optimised(studio, classifiers[WINNER], config),
        draw_attention(studio, classifiers),
        draw_adversarial(studio, classifiers),
    )


def examine(model: Path, data: Path, settings: Settings, exam: Exam) -> Examination:
    """Examine a classifier that a trial saved."""
    device = torch.device(settings.device)
    classifier, card = load_classifier(model)
    sources = {name: load_classifier(at)[0].to(device) for name, at in exam.sources.items()}
    is_test = exam.split == "test"
    split = read_test(data, device) if is_test else read_data(data, device).ranking
    return examine_classifier(classifier.to(device), split, card.task, settings.eps, exam, sources)
