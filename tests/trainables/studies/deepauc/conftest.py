"""A lesson of two classes that a few epochs learn."""

import pytest
import torch

from trainables.classification.assets import LabelledImages
from trainables.classification.learner import Lesson
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import build_classifier
from trainables.runtime.seeding import seeded

CPU = torch.device("cpu")


@pytest.fixture
def make_lesson():
    """Make a lesson of 24 images, a third of them positive: brighter in the middle."""

    def make(*, epochs=4, seed=0, shape=(12, 12)):
        images = torch.randint(90, 130, (24, 1, *shape), generator=torch.Generator().manual_seed(1))
        labels = (torch.arange(24) % 3 == 0).long()
        middle = tuple(slice(side // 3, -(side // 3)) for side in shape)
        for row in torch.nonzero(labels).flatten():
            images[(row, 0, *middle)] += 40
        with seeded(CPU, seed, "initialisation"):
            classifier = build_classifier("cnn", 1, shape, 2, dropout=0.0)
        return Lesson(
            classifier=classifier,
            train=LabelledImages(images.to(torch.uint8), labels),
            task="binary",
            loss=likelihood_loss("binary"),
            epochs=epochs,
            seed=seed,
            device=CPU,
            precision="fp32",
            spend=lambda _activity, _since: None,
        )

    return make
