"""The sets that trials train on instead of true images: made once for each data, settings and seed.

Controls are made the same way, so that only what a set is said to carry differs: clean images, or
images with noise of the same length, under the same targets; and images that networks with random
weights were fooled by. Val is treated as train is, with targets of its own: it chooses the epoch.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, final

import torch
from torch import Tensor

from searchspace.errors import UserError
from searchspace.words import plural
from trainables.classification.assets import Data, LabelledImages
from trainables.models.classifiers import Classifier, build_classifier
from trainables.models.digests import tensors_digest
from trainables.runtime.device import InPrecision, autocast, channels_last, resolve_precision
from trainables.runtime.seeding import derive, generator, seeded
from trainables.saved.checkpoint import load_classifier
from trainables.saved.frozen import Content, Kind, digest_of, obtain
from trainables.saved.weights import Weights, weights_kind
from trainables.studies.nonrobust.construction import (
    BATCH,
    Making,
    add_noise,
    describe,
    match_features,
    move_towards,
    next_targets,
    radius_of,
    random_targets,
)
from trainables.studies.nonrobust.settings import (
    DETERMINISTIC,
    LABELS,
    NOISE,
    ROBUST,
    TRANSFER,
    UNTRAINED,
    NonrobustConfig,
    NonrobustSettings,
)
from trainables.study.study import Say

VERSION = 1  # raise when training or making changes: old cache entries are then not taken
SOURCE = weights_kind("nonrobust-source")
PASSES = 10  # over the training images, for the batch statistics of random weights
Split = Literal["train", "val"]
Train = Callable[[NonrobustConfig], dict[str, Tensor]]


@dataclass(frozen=True, eq=False)
class MadeSet:
    """Images with the labels that they are trained with.

    Attributes:
        images: Floating, in [0, 1], (N, C, ...).
        labels: int64 (N,).
        digest: Of what they were made from.
        making: How they came out; None where no network was fooled.
    """

    images: Tensor
    labels: Tensor
    digest: str
    making: Making | None = None


@final
class Maker:
    """Makes the sets of one seed, and the networks that they are made with.

    Args:
        settings: Of the run, with the trial's seed.
        data: The splits of that seed.
        recipes: Configs of the networks that sets are made with, ``standard`` and ``robust``.
        train: Trains a network by a config, and returns the weights of its best epoch on val.
        say: Takes a line about the progress.
    """

    def __init__(
        self,
        settings: NonrobustSettings,
        data: Data,
        recipes: dict[str, NonrobustConfig],
        train: Train,
        say: Say,
    ) -> None:
        self.settings, self.data, self.recipes = settings, data, recipes
        self.train, self.say = train, say
        self.device = torch.device(settings.device)

    @cached_property
    def standard(self) -> Classifier:
        """The network that nonrobust sets are made with: the settings' or this seed's baseline."""
        return self._trained("standard") if self.settings.source is None else self._loaded[0]

    @cached_property
    def robust(self) -> Classifier:
        """The network that robust sets are made with: trained by TRADES."""
        return self._trained("robust")

    def untrained(self, number: int) -> Classifier:
        """Return a network with random weights, whose batch statistics are those of train."""
        with seeded(self.device, self.settings.seed, UNTRAINED, number):
            network = self._build()
        images = self._clean("train")
        with torch.no_grad():
            network.train()
            for _ in range(PASSES):
                for batch in images.split(BATCH):
                    network(batch)
        return network.eval()

    def make(self, name: str, split: Split, number: int = 0) -> MadeSet:
        """Take a set from the cache, or make it; what needs no network is made anew.

        Args:
            name: A made set or a control of `settings`.
            split: What it is made from.
            number: Of the network with random weights.

        Raises:
            UserError: If every target is the label of its image.
        """
        labels = getattr(self.data, split).labels
        targets = labels if name == ROBUST else self._targets(name, split, labels)
        if name != ROBUST and bool((targets == labels).all()):
            raise UserError(
                f"the {name} targets of {split} are the labels of its {len(labels)} images, which "
                "would teach the task itself: take a greater fraction or another --seed"
            )
        images = self._clean(split)
        if name == LABELS:
            return MadeSet(images, targets, "")
        if name == NOISE:
            seed = derive(self.settings.seed, NOISE, split)
            return MadeSet(add_noise(images, self._radius(images), seed), targets, "")
        digest = self._digest(name, split, number)
        return obtain(
            SET,
            digest,
            lambda: self._make(name, images, targets, number, digest),
            cache=Path(self.settings.cache),
            device=self.device,
            say=lambda _: None,
        )

    def _make(
        self, name: str, images: Tensor, targets: Tensor, number: int, digest: str
    ) -> MadeSet:
        if name == ROBUST:
            stream = generator(torch.device("cpu"), self.settings.seed, "starts")
            order = torch.randperm(len(images), generator=stream).to(images.device)
            starts = images[order]
            twins = match_features(self.robust, images, starts, self.settings.construct_steps)
            return MadeSet(twins, targets, digest, describe(self.robust, twins, starts, targets))
        networks = {TRANSFER: lambda: self.robust, UNTRAINED: lambda: self.untrained(number)}
        network = networks.get(name, lambda: self.standard)()
        radius, steps = self._radius(images), self.settings.construct_steps
        precision = autocast(self.device, self.settings.precision)
        inside = InPrecision(network, precision)  # what fools it is fp32's
        twins = move_towards(inside, images, targets, radius, steps)
        return MadeSet(twins, targets, digest, describe(network, twins, images, targets))

    def _targets(self, name: str, split: Split, labels: Tensor) -> Tensor:
        if name == DETERMINISTIC:
            return next_targets(labels, len(self.data.classes))
        seed = derive(self.settings.seed, "sets", split)
        return random_targets(labels, len(self.data.classes), seed)

    def _radius(self, images: Tensor) -> float:
        return radius_of(images, self.settings.construct_radius)

    def _clean(self, split: Split) -> Tensor:
        data: LabelledImages = getattr(self.data, split)
        return data.images.float() / 255

    def _build(self) -> Classifier:
        shape = tuple(self.data.train.images.shape)
        n_classes = len(self.data.classes)
        name = self.settings.classifier
        network = build_classifier(name, shape[1], shape[2:], n_classes, 0.0)
        return channels_last(network.to(self.device))

    def _trained(self, name: str) -> Classifier:
        config, digest = self.recipes[name], self._source_digest(name)

        def train() -> Weights:
            self.say(f"training the {name} source for {plural(self.settings.epochs, 'epoch')} ...")
            return Weights(self.train(config), digest)

        cache = Path(self.settings.cache)
        weights = obtain(SOURCE, digest, train, cache=cache, device=self.device, say=self.say)
        network = self._build()
        network.load_state_dict(weights.values)
        return network.eval()

    @cached_property
    def _loaded(self) -> tuple[Classifier, str]:
        """Load the classifier of the settings, and compute the digest of its weights.

        Raises:
            UserError: If it takes other images, or tells other classes apart.
        """
        folder = self.settings.source
        if folder is None:
            raise ValueError("the settings name no source")
        network, card = load_classifier(folder)
        shape = (card.channels, *card.shape)
        if shape != tuple(self.data.train.images.shape[1:]) or card.classes != self.data.classes:
            raise UserError(
                f"{folder} tells {len(card.classes)} classes of images {shape} apart, which are "
                f"not those of {self.settings.dataset}: name another --source"
            )
        return network.to(self.device).eval(), tensors_digest(network.state_dict())

    def _source_digest(self, name: str) -> str:
        """Compute the digest of a network: val chooses its epoch, and belongs to it."""
        loaded = name == "standard" and self.settings.source is not None
        described = {
            "weights": self._loaded[1] if loaded else None,
            "version": VERSION,
            "classifier": self.settings.classifier,
            "epochs": self.settings.epochs,
            "seed": self.settings.seed,
            "precision": str(resolve_precision(self.settings.precision, self.device)),
            "config": self.recipes[name].model_dump(),
            "shapes": [list(self.data.train.images.shape), list(self.data.val.images.shape)],
        }
        train, val = self.data.train, self.data.val
        return digest_of(described, train.images, train.labels, val.images, val.labels)

    def _digest(self, name: str, split: Split, number: int) -> str:
        """Compute the digest of a set; that of its network holds data, seed and training."""
        network = "robust" if name in {TRANSFER, ROBUST} else "standard"
        described: dict[str, Any] = {
            "source": self._source_digest(network),
            "set": name,
            "split": split,
            "number": number,
            "radius": self.settings.construct_radius,
            "steps": self.settings.construct_steps,
        }
        return digest_of(described)


def _pack(twins: MadeSet) -> Content:
    making = None if twins.making is None else asdict(twins.making)
    tensors = {"images": twins.images, "labels": twins.labels}
    return Content(tensors, {"digest": twins.digest, "making": making})


def _unpack(content: Content, device: torch.device) -> MadeSet:
    images, labels = (content.weights[name].to(device) for name in ("images", "labels"))
    making = content.facts["making"]
    digest = str(content.facts["digest"])
    return MadeSet(images, labels, digest, making and Making(**making))


SET = Kind("nonrobust-set", _pack, _unpack)
