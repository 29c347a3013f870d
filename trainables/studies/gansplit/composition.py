"""The training set of a trial: authentic images that stay, and others beside or instead of them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.attacks.evaluation import predict_logits
from trainables.classification.assets import LabelledImages
from trainables.generative.image_generator import ImageGenerator
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive, generator
from trainables.studies.gansplit.counts import exchange
from trainables.studies.gansplit.settings import GANSplitConfig
from trainables.studies.gansplit.sources import SOURCES

CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Synthesis:
    """What makes synthetic images.

    Attributes:
        generator: Trained on the trial's authentic images.
        critic: A classifier that saw these alone; it filters.
    """

    generator: ImageGenerator
    critic: Classifier


@dataclass(frozen=True, eq=False)
class Mixture:
    """The images that a trial trains on, the authentic ones first.

    Attributes:
        images: (N, C, H, W) uint8.
        labels: Classes, (N,).
        weights: Of each image in the loss, (N,).
        n_authentic: How many are authentic.
        epoch_size: Images of an epoch: as many for every trial, so that more images are not more
            steps.
    """

    images: Tensor
    labels: Tensor
    weights: Tensor
    n_authentic: int
    epoch_size: int


def compose(
    config: GANSplitConfig,
    train: LabelledImages,
    n_classes: int,
    synthesis: Synthesis | None,
    seed: int,
) -> Mixture:
    """Put together what a trial trains on.

    Which images leave and which come follows from the seed in an order of their own: a share of
    0.5 holds the synthetic images of a share of 0.25.

    Args:
        config: Of the trial.
        train: The authentic training images.
        n_classes: Number of classes.
        synthesis: What makes images; None where the source is no generator.
        seed: Of the trial.
    """
    counts = torch.bincount(train.labels, minlength=n_classes).tolist()
    replaced, added = exchange(counts, config)
    staying, parts, labels = list[Tensor](), list[Tensor](), list[Tensor]()
    for label, (gone, count) in enumerate(zip(replaced, added, strict=True)):
        rows = torch.nonzero(train.labels == label).squeeze(1)
        order = torch.randperm(len(rows), generator=generator(CPU, seed, "leaving", label))
        rest = rows[order[gone:].sort().values.to(rows.device)]
        staying.append(rest)
        if count:
            images = _make(config, train.images[rest], (label, count), synthesis, seed)
            parts.append(images)
            labels.append(train.labels.new_full((count,), label))
    authentic = torch.cat(staying).sort().values
    images = torch.cat([train.images[authentic], *parts])
    weights = torch.full((len(images),), config.synthetic_weight, device=images.device)
    weights[: len(authentic)] = 1.0
    return Mixture(
        images=images,
        labels=torch.cat([train.labels[authentic], *labels]),
        weights=weights,
        n_authentic=len(authentic),
        epoch_size=len(train),
    )


def choose(
    synthesis: Synthesis, config: GANSplitConfig, label: int, count: int, seed: int
) -> Tensor:
    """Draw images of a class, of which the critic keeps those that it is surest of.

    Args:
        synthesis: Generator and critic.
        config: Truncation, and the share that stays.
        label: The class.
        count: Images that stay.
        seed: Of the noise.
    """
    candidates = math.ceil(count / config.keep - 1e-9)
    images = synthesis.generator.draw(
        label, candidates, derive(seed, "synthetic"), config.truncation
    )
    if candidates == count:
        return images
    logits = predict_logits(synthesis.critic, images.float() / 255)
    sureness = logits.log_softmax(dim=1)[:, label]
    rows = sureness.argsort(descending=True, stable=True)[:count].sort().values
    return images[rows]


def _make(
    config: GANSplitConfig,
    authentic: Tensor,
    request: tuple[int, int],
    synthesis: Synthesis | None,
    seed: int,
) -> Tensor:
    """Make images of a class, of its authentic images or from a generator."""
    label, count = request
    if synthesis is not None:
        return choose(synthesis, config, label, count, seed)
    rng = generator(CPU, seed, config.source, label)
    return SOURCES[config.source](authentic, count, rng)
