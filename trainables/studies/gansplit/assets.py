"""Generators and critic of a run, and those of trials with another seed.

Both are random objects: their seed affects what every trial learns. So they are functions of the
training images, settings and seed. Those of the run are made before the first trial and written
into its folder, with their quality. A trial with another seed, of a race or a confirmation, makes
its own, which are cached for all trials of that seed.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from searchspace.errors import UserError
from trainables.classification.assets import LabelledImages, read_splits
from trainables.classification.study import Assets
from trainables.data.dataset import Dataset, count_classes
from trainables.data.splits import Splits
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.generative.gan_training import DivergedError, Labelled
from trainables.generative.image_generator import (
    GENERATOR,
    LEAST,
    GeneratorSettings,
    ImageGenerator,
    obtain_generator,
)
from trainables.generative.quality import Quality, measure_quality
from trainables.models.digests import tensors_digest
from trainables.runtime.errors import first_line
from trainables.runtime.files import to_json, write_atomically
from trainables.saved.frozen import DAMAGES, Kind, Model, read, write
from trainables.studies.gansplit.composition import Synthesis
from trainables.studies.gansplit.critic import CRITIC, Critic, obtain_critic
from trainables.studies.gansplit.settings import GANSplitSettings
from trainables.study.study import Say

RECORD = "generators.json"  # digests of weights, seed and quality
CRITIC_NAME = "critic"
REMEDY = "restore the file, or start a new run"


def make_generators(
    settings: GANSplitSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
) -> Assets:
    """Train critic and generators on the training images, measure these on val, and write all.

    Args:
        settings: Of the run.
        dataset: Opened.
        splits: Of the dataset.
        assets: Folder with the splits.
        say: Receives the progress.

    Raises:
        UserError: If a class has too few images, or the losses of a generator are no numbers.
    """
    check_counts(dataset, splits)
    data, n_classes = read_splits(assets, settings.device, settings.seed), dataset.n_classes
    train, val = _labelled(data.train, n_classes), _labelled(data.val, n_classes)
    critic = obtain_critic(settings, data.train, n_classes, say)
    write(CRITIC, critic, _file(assets, CRITIC_NAME))
    weights = {CRITIC_NAME: tensors_digest(critic.classifier.state_dict())}
    digests, qualities = {CRITIC_NAME: critic.digest}, dict[str, Quality]()
    for name in settings.generator_names:
        try:
            generator = obtain_generator(name, train, _recipe(settings), settings.cache, say)
        except DivergedError as error:
            raise UserError(
                f"{error}: leave it out of --generators, or take another --seed"
            ) from None
        write(GENERATOR, generator, _file(assets, name))
        digests[name], weights[name] = generator.digest, generator.weights_digest
        qualities[name] = measure_quality(generator, critic.classifier, train, val, settings.seed)
    details = {name: quality.as_json() for name, quality in qualities.items()}
    record = {"seed": settings.seed, "weights": weights, "quality": details}
    write_atomically(assets / RECORD, to_json(record, indent=2) + "\n")
    return Assets(
        digests=digests, lines=quality_lines(qualities, settings), details={"generators": details}
    )


def check_counts(dataset: Dataset, splits: Splits) -> None:
    """Refuse a class with fewer than `LEAST` training images.

    Raises:
        UserError: In one line that names the classes.
    """
    counts = count_classes(splits.take(dataset, "train").labels, dataset.n_classes)
    lacking = [
        f"{count} of {name}"
        for name, count in zip(dataset.classes, counts, strict=True)
        if count < LEAST
    ]
    if lacking:
        raise UserError(
            f"{dataset.name}: train has {sum(counts)} images, {', '.join(lacking)}: a generator "
            f"needs {LEAST} of each class; take a greater fraction"
        )


def quality_lines(qualities: Mapping[str, Quality], settings: GANSplitSettings) -> tuple[str, ...]:
    """Say how good each generator is, and what follows of its flaws."""
    first = next(iter(qualities.values()))
    heading = (
        f"Generators, {first.images} images of each beside {first.held_out} of val (features of a "
        f"random network; the critic gives {first.critic.value:.0%} of val their class):"
    )
    lines = [heading, *(f"{name}: {quality.line}" for name, quality in qualities.items())]
    flawed = [
        name
        for name, quality in qualities.items()
        if any(value > 0 for value in quality.alarms.values())
    ]
    if flawed:
        consequence = (
            "trials that use them are not barred"
            if settings.allow_flawed
            else "no trial that uses them can win (--allow-flawed lets them)"
        )
        lines.append(f"Flawed: {', '.join(flawed)}: {consequence}.")
    return tuple(lines)


@lru_cache(maxsize=8)  # a worker's trials are of one seed, or of a few that take turns
def synthesis_of(name: str, settings: GANSplitSettings, assets: Path) -> Synthesis:
    """Return a generator, and the critic, of a trial's seed.

    Args:
        name: Of the generator.
        settings: With the trial's seed.
        assets: Of the run.
    """
    return Synthesis(_generator_of(name, settings, assets), _critic_of(settings, assets).classifier)


@lru_cache(maxsize=8)
def alarms_of(name: str, settings: GANSplitSettings, assets: Path) -> Mapping[str, float]:
    """Return the alarms of a generator of a trial's seed.

    Args:
        name: Of the generator.
        settings: With the trial's seed.
        assets: Of the run.
    """
    record = _record(assets)
    if settings.seed == record["seed"] and name in record["quality"]:
        alarms: Mapping[str, float] = record["quality"][name]["alarms"]
        return alarms
    synthesis, data = synthesis_of(name, settings, assets), _data(settings, assets)
    return measure_quality(synthesis.generator, synthesis.critic, *data, settings.seed).alarms


def _generator_of(name: str, settings: GANSplitSettings, assets: Path) -> ImageGenerator:
    record = _record(assets)
    if settings.seed == record["seed"] and name in record["weights"]:
        generator = _read_recorded(GENERATOR, name, settings, assets)
        _check(assets, name, generator.weights_digest)
        return generator
    train, _ = _data(settings, assets)
    return obtain_generator(name, train, _recipe(settings), settings.cache, lambda _: None)


def _critic_of(settings: GANSplitSettings, assets: Path) -> Critic:
    if settings.seed == _record(assets)["seed"]:
        critic = _read_recorded(CRITIC, CRITIC_NAME, settings, assets)
        _check(assets, CRITIC_NAME, tensors_digest(critic.classifier.state_dict()))
        return critic
    data = read_splits(assets, settings.device, settings.seed)
    return obtain_critic(settings, data.train, len(data.classes), lambda _: None)


def _read_recorded(kind: Kind[Model], name: str, settings: GANSplitSettings, assets: Path) -> Model:
    file = _file(assets, name)
    try:
        return read(kind, file, torch.device(settings.device))
    except DAMAGES as error:
        raise UserError(f"cannot read {file} ({first_line(error)}): {REMEDY}") from error


def _check(assets: Path, name: str, digest: str) -> None:
    """Compare weights with the recorded ones.

    Raises:
        UserError: If they are others.
    """
    if _record(assets)["weights"].get(name) != digest:
        file = _file(assets, name)
        raise UserError(f"{file}: not the weights that the run was prepared with: {REMEDY}")


def _record(assets: Path) -> dict[str, Any]:
    record: dict[str, Any] = read_json(inside(assets, RECORD))
    return record


def _data(settings: GANSplitSettings, assets: Path) -> tuple[Labelled, Labelled]:
    data = read_splits(assets, settings.device, settings.seed)
    return _labelled(data.train, len(data.classes)), _labelled(data.val, len(data.classes))


def _labelled(data: LabelledImages, n_classes: int) -> Labelled:
    return Labelled(data.images, data.labels, n_classes)


def _recipe(settings: GANSplitSettings) -> GeneratorSettings:
    return GeneratorSettings(
        steps=settings.generator_steps,
        width=settings.generator_width,
        autoencoder_steps=settings.autoencoder_steps,
        seed=settings.seed,
    )


def _file(assets: Path, name: str) -> Path:
    return inside(assets, f"{name}.safetensors")
