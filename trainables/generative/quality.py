"""How good a generator is: distances, variety, class fidelity, copies, beside held-out images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables.attacks.evaluation import predict_logits
from trainables.generative.features import Features, classifier_features, random_features
from trainables.generative.gan_training import Labelled
from trainables.generative.image_generator import ImageGenerator
from trainables.metrics.alarms import COPIED, GENERATOR_COLLAPSE
from trainables.metrics.generated.copies import Copies, find_copies, nearest
from trainables.metrics.generated.features import Standardiser
from trainables.metrics.generated.kernel_distance import kernel_distance
from trainables.metrics.generated.manifold import NEIGHBOURS, Manifold, compare_manifolds
from trainables.metrics.generated.variety import grey_ratio, lack_of_variety, spread_interval
from trainables.metrics.intervals import Interval, wilson
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.runtime.seeding import generator as make_rng

IMAGES = 400  # that are drawn
BESIDE = 400  # training images that stand beside them, at most
FLAWS = {COPIED: "IT COPIES TRAINING IMAGES", GENERATOR_COLLAPSE: "IT LACKS VARIETY"}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Generated images beside held-out ones in one space of features.

    Attributes:
        kernel: The kernel distance of generated images.
        manifold: Precision, recall, density and coverage of generated images.
        kernels: Kernel distances to compare with: of training images, and of noise.
        train: Precision to coverage of training images.
    """

    kernel: Interval
    manifold: Manifold
    kernels: Mapping[str, Interval]
    train: Manifold


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What is known of a generator.

    Attributes:
        images: How many were drawn, in the classes' shares of the held-out images.
        held_out: How many images they are compared with.
        spaces: Comparisons by space of features: ``random``, and ``critic``, whose features tell
            training images from held-out ones, as it has seen them.
        fidelity: Share of generated images that the critic gives their class.
        critic: The same of held-out images.
        copies: Whether they are copies of training images.
        variety: Deviation of pixels within a class, generated over authentic.
        recalls: Recall within each class that has enough held-out images, by its number: of
            generated images, and of training images; in the space ``random``.
        grey: Deviation of the mean grey, the same ratio.
    """

    images: int
    held_out: int
    spaces: Mapping[str, Comparison]
    fidelity: Interval
    critic: Interval
    copies: Copies
    variety: Interval
    recalls: Mapping[int, tuple[Interval, Interval]]
    grey: float

    @property
    def spread(self) -> float:
        """Deviation of pixels within a class, generated over authentic."""
        return self.variety.value

    @property
    def alarms(self) -> dict[str, float]:
        """The alarms, each met at 0 and below."""
        recalls = [
            (of_generated, of_train.value) for of_generated, of_train in self.recalls.values()
        ]
        return {
            COPIED: self.copies.excess,
            GENERATOR_COLLAPSE: lack_of_variety(self.spread, recalls),
        }

    @property
    def line(self) -> str:
        """The numbers in one line, and what is wrong in capitals."""
        space, copies = self.spaces["random"], self.copies
        manifold, kernel = space.manifold, space.kernel
        flaws = [FLAWS[name] for name, value in self.alarms.items() if value > 0]
        near = (
            f"{copies.share.value:.0%} nearer to training images than the nearest "
            f"{copies.expected:.0%} held out"
        )
        numbers = (
            f"KID {kernel.value:.2f} [{kernel.low:.2f}, {kernel.high:.2f}] (training images "
            f"{space.kernels['train'].value:.2f}), precision {manifold.precision.value:.2f}, "
            f"recall {manifold.recall.value:.2f} (training images "
            f"{space.train.recall.value:.2f}), density {manifold.density.value:.2f}, "
            f"coverage {manifold.coverage.value:.2f}, class fidelity {self.fidelity.value:.2f}"
        )
        low, high = self.variety.low, self.variety.high
        spread = f"spread {self.spread:.2f} [{low:.2f}, {high:.2f}] of authentic images"
        least = min(self.recalls.values(), key=lambda pair: pair[0].value, default=None)
        of_class = (
            [f"least recall of a class {least[0].value:.2f} (training images {least[1].value:.2f})"]
            if least
            else []
        )
        return "; ".join([numbers, *of_class, spread, near, *flaws])

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, None for what is not defined; intervals as value, low and high."""
        return {
            "images": self.images,
            "held_out": self.held_out,
            "spaces": {name: _comparison_json(space) for name, space in self.spaces.items()},
            "fidelity": _bounds(self.fidelity),
            "critic": _bounds(self.critic),
            "copied": _bounds(self.copies.share),
            "copied_expected": self.copies.expected,
            "copied_z": self.copies.z,
            "spread": _finite(self.spread),
            "spread_interval": _bounds(self.variety),
            "recalls": {
                str(label): [_bounds(interval) for interval in pair]
                for label, pair in self.recalls.items()
            },
            "grey": _finite(self.grey),
            "alarms": self.alarms,
        }


def measure_quality(
    generator: ImageGenerator,
    critic: Classifier,
    train: Labelled,
    held_out: Labelled,
    seed: int,
    *,
    truncation: float = 1.0,
) -> Quality:
    """Draw images in the shares that the classes have among held-out ones, and compare.

    Args:
        generator: Trained on ``train``.
        critic: A classifier that saw authentic training images alone.
        train: What both were trained on.
        held_out: Images that neither was trained on.
        seed: Of what is drawn.
        truncation: As of `ImageGenerator.draw`.
    """
    labels = held_out.labels
    shares = torch.bincount(labels, minlength=held_out.n_classes) / len(labels)
    counts = (IMAGES * shares).round().long().tolist()
    parts = [
        generator.draw(label, count, derive(seed, "quality"), truncation)
        for label, count in enumerate(counts)
    ]
    drawn_labels = torch.repeat_interleave(torch.tensor(counts)).to(labels)
    return compare_images(
        Labelled(torch.cat(parts), drawn_labels, train.n_classes), critic, train, held_out, seed
    )


def compare_images(
    generated: Labelled, critic: Classifier, train: Labelled, held_out: Labelled, seed: int
) -> Quality:
    """Compare images that claim to be new with held-out ones.

    Args:
        generated: With the classes that they claim.
        critic: A classifier that saw authentic training images alone.
        train: What the generator was trained on.
        held_out: Images that neither was trained on.
        seed: Of the training images that stand beside them, and of noise.
    """
    rng = make_rng(torch.device("cpu"), seed, "beside")
    rows = torch.randperm(len(train.labels), generator=rng)[:BESIDE].to(train.labels.device)
    shape = (BESIDE, *train.images.shape[1:])
    noise = torch.randint(256, shape, generator=rng).to(train.images)
    beside = {"train": train.images[rows], "noise": noise}
    device = train.images.device
    spaces = {
        "random": random_features(train.images.shape[1], device),
        "critic": classifier_features(critic),
    }
    distances = [
        nearest(to_pixels(part.images), to_pixels(train.images))[0]
        for part in (generated, held_out)
    ]
    return Quality(
        images=len(generated.labels),
        held_out=len(held_out.labels),
        spaces={
            name: _compare(features, generated.images, beside, held_out.images)
            for name, features in spaces.items()
        },
        fidelity=_fidelity(critic, generated),
        critic=_fidelity(critic, held_out),
        copies=find_copies(*distances),
        variety=spread_interval(_arrays(generated), _arrays(train)),
        recalls=_recalls(spaces["random"], generated, train, held_out),
        grey=grey_ratio(_arrays(generated), _arrays(train)),
    )


def to_pixels(images: Tensor) -> npt.NDArray[np.uint8]:
    """Return images (N, C, H, W) uint8 as an array with channels last."""
    pixels: npt.NDArray[np.uint8] = images.movedim(1, -1).cpu().numpy()
    return pixels


def _compare(
    features: Features, generated: Tensor, beside: Mapping[str, Tensor], held_out: Tensor
) -> Comparison:
    standardise = Standardiser.of(features(beside["train"]))
    reference, points = standardise(features(held_out)), standardise(features(generated))
    nearby = {name: standardise(features(images)) for name, images in beside.items()}
    return Comparison(
        kernel=kernel_distance(points, reference),
        manifold=compare_manifolds(reference, points),
        kernels={name: kernel_distance(values, reference) for name, values in nearby.items()},
        train=compare_manifolds(reference, nearby["train"]),
    )


def _recalls(
    features: Features, generated: Labelled, train: Labelled, held_out: Labelled
) -> dict[int, tuple[Interval, Interval]]:
    """Measure recall within each class; a generator may draw one class well and another not."""
    standardise, recalls = Standardiser.of(features(train.images[:BESIDE])), {}
    for label in range(held_out.n_classes):
        real, drawn, beside = (
            standardise(features(part.images[part.labels == label][:BESIDE]))
            for part in (held_out, generated, train)
        )
        if min(len(real), len(drawn), len(beside)) > NEIGHBOURS:
            recalls[label] = (
                compare_manifolds(real, drawn).recall,
                compare_manifolds(real, beside).recall,
            )
    return recalls


def _fidelity(critic: Classifier, data: Labelled) -> Interval:
    answers = predict_logits(critic, data.images.float() / 255).argmax(dim=1)
    return wilson(int((answers == data.labels).sum()), len(data.labels))


def _arrays(data: Labelled) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    return to_pixels(data.images), data.labels.cpu().numpy()


def _comparison_json(space: Comparison) -> dict[str, Any]:
    return {
        "kid": _bounds(space.kernel),
        **{f"kid_{name}": _bounds(value) for name, value in space.kernels.items()},
        **_manifold_json(space.manifold, ""),
        **_manifold_json(space.train, "_train"),
    }


def _manifold_json(manifold: Manifold, suffix: str) -> dict[str, Any]:
    return {f"{name}{suffix}": _bounds(value) for name, value in vars(manifold).items()}


def _bounds(interval: Interval) -> list[float | None]:
    return [_finite(number) for number in interval]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
