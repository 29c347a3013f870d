"""Splits of two classes that a few epochs learn, and what makes sets of them."""

import pytest
import torch

from trainables.classification.assets import Data, LabelledImages
from trainables.classification.learner import Lesson
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import build_classifier
from trainables.models.modes import weights_of
from trainables.runtime.seeding import seeded
from trainables.studies.nonrobust.making import Maker
from trainables.studies.nonrobust.settings import NonrobustConfig, NonrobustSettings

CPU = torch.device("cpu")


def make_split(count, shape, seed):
    """Make images, a third of them positive: brighter in the middle."""
    images = torch.randint(
        90, 130, (count, 1, *shape), generator=torch.Generator().manual_seed(seed)
    )
    labels = (torch.arange(count) % 3 == 0).long()
    middle = tuple(slice(side // 3, -(side // 3)) for side in shape)
    for row in torch.nonzero(labels).flatten():
        images[(row, 0, *middle)] += 40
    return LabelledImages(images.to(torch.uint8), labels)


def make_network(seed, shape=(12, 12)):
    with seeded(CPU, seed, "initialisation"):
        return build_classifier("cnn", 1, shape, 2, dropout=0.0)


@pytest.fixture
def make_lesson():
    def make(*, epochs=4, seed=0, shape=(12, 12)):
        return Lesson(
            classifier=make_network(seed, shape),
            train=make_split(24, shape, 1),
            task="binary",
            loss=likelihood_loss("binary"),
            epochs=epochs,
            seed=seed,
            device=CPU,
            precision="fp32",
            spend=lambda _activity, _since: None,
        )

    return make


@pytest.fixture
def make_maker(tmp_path):
    """Make a maker whose networks are random, and a list of what it trained."""

    def make(**changes):
        values = {"dataset": "breastmnist", "eps": "0,1/255", "construct_steps": 5}
        settings = NonrobustSettings(
            **{**values, "classifier": "cnn", "cache": tmp_path, "device": "cpu", **changes}
        )
        splits = [make_split(count, (12, 12), seed) for seed, count in ((1, 24), (2, 12), (3, 30))]
        trained = []

        def train(config):
            trained.append(config)
            return weights_of(make_network(settings.seed + 7 * (config.regime == "trades")))

        recipes = {"standard": NonrobustConfig(), "robust": NonrobustConfig(regime="trades")}
        maker = Maker(settings, Data("binary", ("no", "yes"), *splits), recipes, train, str)
        maker.trained = trained
        return maker

    return make
