"""The critic: a classifier that saw authentic training images alone, made once and cached.

It says whether a synthetic image looks like its class, for the quality of a generator and to
filter. Its weights are those of the last epoch: a choice by val would let val into what trials
train on.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from searchspace.words import plural
from trainables.classification.assets import LabelledImages
from trainables.classification.learner import Lesson
from trainables.losses.likelihood import likelihood_loss
from trainables.models.bodies.body import Shape
from trainables.models.classifiers import Classifier, build_classifier
from trainables.runtime.device import threads
from trainables.runtime.seeding import seeded
from trainables.saved.frozen import Content, Kind, digest_of, obtain
from trainables.saved.shapes import check_size
from trainables.studies.gansplit.composition import compose
from trainables.studies.gansplit.learner import GANSplitLearner
from trainables.studies.gansplit.settings import GANSplitConfig, GANSplitSettings
from trainables.study.study import Say

VERSION = 1  # raise when its training changes: old cache entries are then not taken
THREADS = 1  # fixed, so that weights do not depend on how many cores there are


@dataclass(frozen=True, kw_only=True, eq=False)
class Critic:
    """A trained classifier, and what it was made from.

    Attributes:
        classifier: In eval mode, taking no gradients.
        architecture: Its name, a key of `trainables.models.classifiers.BODIES`.
        channels: Of its images.
        shape: Height and width of its images.
        n_classes: Number of classes.
        seed: Of its training.
        digest: SHA-256 of what it was made from, in hexadecimal.
    """

    classifier: Classifier
    architecture: str
    channels: int
    shape: Shape
    n_classes: int
    seed: int
    digest: str


def obtain_critic(
    settings: GANSplitSettings, train: LabelledImages, n_classes: int, say: Say
) -> Critic:
    """Take the critic of these images from the cache, or train it and put it there.

    Args:
        settings: Of the run, with the trial's seed.
        train: The authentic training images.
        n_classes: Number of classes.
        say: Takes a line about the progress.
    """
    described = {
        "version": VERSION,
        "classifier": settings.classifier,
        "epochs": settings.epochs,
        "seed": settings.seed,
        "shape": list(train.images.shape),
    }
    digest = digest_of(described, train.images, train.labels)

    def make() -> Critic:
        say(f"training the critic on authentic images for {plural(settings.epochs, 'epoch')} ...")
        with threads(THREADS):
            classifier = _fit(settings, train, n_classes)
        return Critic(
            classifier=_freeze(classifier),
            architecture=settings.classifier,
            channels=train.images.shape[1],
            shape=tuple(train.images.shape[2:]),
            n_classes=n_classes,
            seed=settings.seed,
            digest=digest,
        )

    device = torch.device(settings.device)
    return obtain(CRITIC, digest, make, cache=Path(settings.cache), device=device, say=say)


def _fit(settings: GANSplitSettings, train: LabelledImages, n_classes: int) -> Classifier:
    device, config = train.images.device, GANSplitConfig()
    channels, shape = train.images.shape[1], tuple(train.images.shape[2:])
    with seeded(device, settings.seed, "initialisation"):
        classifier = build_classifier(settings.classifier, channels, shape, n_classes, 0.0)
    lesson = Lesson(
        classifier=classifier.to(device),
        train=train,
        task=settings.task,
        loss=likelihood_loss(settings.task),
        epochs=settings.epochs,
        seed=settings.seed,
        device=device,
        precision="fp32",
        spend=lambda _activity, _since: None,
    )
    learner = GANSplitLearner(config, lesson, compose(config, train, n_classes, None, lesson.seed))
    for number in range(settings.epochs):
        learner.epoch(number)
    return lesson.classifier


def _freeze(classifier: Classifier) -> Classifier:
    return classifier.eval().requires_grad_(requires_grad=False)


def _pack(critic: Critic) -> Content:
    facts = {name: value for name, value in vars(critic).items() if name != "classifier"}
    return Content(critic.classifier.state_dict(), facts | {"shape": list(critic.shape)})


def _unpack(content: Content, device: torch.device) -> Critic:
    facts = dict(content.facts)
    facts["shape"] = tuple(facts["shape"])

    def build() -> Classifier:
        with torch.random.fork_rng(devices=[]):  # of the initial weights, which are replaced
            return build_classifier(
                facts["architecture"], facts["channels"], facts["shape"], facts["n_classes"], 0.0
            )

    check_size(build, [tensor.shape for tensor in content.weights.values()])
    classifier = build().to(device)
    classifier.load_state_dict(content.weights)
    return Critic(classifier=_freeze(classifier), **facts)


CRITIC = Kind("critic", _pack, _unpack)
