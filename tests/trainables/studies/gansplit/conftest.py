"""A lesson of two classes, and a generator and a critic whose images say what they are."""

import pytest
import torch
from torch import nn

from trainables.classification.assets import LabelledImages
from trainables.classification.learner import Lesson
from trainables.generative.image_generator import GeneratorSettings, ImageGenerator
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import build_classifier
from trainables.runtime.seeding import generator, seeded
from trainables.studies.gansplit.composition import Synthesis

CPU = torch.device("cpu")
COUNTS = (18, 6)


class Grey(nn.Module):
    """Draws images of one grey: from the noise, and above 128 for the second class."""

    def __init__(self):
        super().__init__()
        self.dim = 2
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, noise, labels):
        grey = noise[:, 0].sigmoid() / 2 + labels / 2
        return grey.view(-1, 1, 1, 1).expand(-1, 1, 12, 12)


class Bright(nn.Module):
    """Is the surer of the second class the brighter an image is."""

    def forward(self, images):
        grey = images.mean(dim=(1, 2, 3))
        return torch.stack([-grey, grey], dim=1)


@pytest.fixture
def train():
    images = torch.randint(0, 256, (24, 1, 12, 12), generator=generator(CPU, 1)).to(torch.uint8)
    labels = torch.repeat_interleave(torch.tensor([0, 1]), torch.tensor(COUNTS))
    order = torch.randperm(24, generator=generator(CPU, 2))
    return LabelledImages(images[order], labels[order])


@pytest.fixture
def synthesis():
    grey = ImageGenerator(
        name="hinge",
        network=Grey(),
        channels=1,
        size=12,
        n_classes=2,
        settings=GeneratorSettings(),
        digest="",
    )
    return Synthesis(grey, Bright())


@pytest.fixture
def make_lesson(train):
    def make(*, epochs=4, seed=0):
        with seeded(CPU, seed, "initialisation"):
            classifier = build_classifier("cnn", 1, (12, 12), 2, dropout=0.0)
        return Lesson(
            classifier=classifier,
            train=train,
            task="binary",
            loss=likelihood_loss("binary"),
            epochs=epochs,
            seed=seed,
            device=CPU,
            precision="fp32",
            spend=lambda _activity, _since: None,
        )

    return make
