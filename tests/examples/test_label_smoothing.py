"""The study to copy: what it adds to the library, and that the library takes it."""

import math
import time

import pytest
import torch
from places import ROOT

from search.cli.study import study_command
from search.studies import find_study
from search.study import load_study
from searchspace.errors import UserError
from trainables.classification.assets import LabelledImages
from trainables.classification.learner import Lesson
from trainables.losses.likelihood import cross_entropy

PATH = f"{ROOT}/examples/label_smoothing.py:LabelSmoothing"


class Constant(torch.nn.Module):
    """Gives the same logits to every image: 0 but for one class."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor([0.0, 0.0, 2.0]))

    def forward(self, images):
        return self.logits.expand(len(images), 3)


@pytest.fixture(scope="module")
def study():
    return load_study(PATH)


@pytest.fixture
def learner(study):
    """Return what makes a learner of eight images of class 2, at a budget of ten epochs."""
    data = LabelledImages(torch.zeros(8, 1, 2, 2, dtype=torch.uint8), torch.full((8,), 2))

    def make(warm_up=0.1, **config):
        lesson = Lesson(
            classifier=Constant(),
            train=data,
            task="multi-class",
            loss=cross_entropy,
            epochs=10,
            seed=0,
            device=torch.device("cpu"),
            precision="fp32",
            spend=lambda activity, since: time.perf_counter(),
        )
        settings = study.parse_settings({"warm_up": warm_up, "device": "cpu"})
        return study.learner(study.config(batch_size=8, **config), settings, lesson, ROOT)

    return make


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_cross_entropy_with_softened_labels(learner, smoothing):
    """With smoothing s, (1 - s) of the label and s / 3 of each class."""
    log_sum = math.log(2 + math.exp(2.0))
    expected = (1 - smoothing) * (log_sum - 2) + smoothing / 3 * (2 * log_sum + log_sum - 2)
    assert learner(smoothing=smoothing).epoch(0) == pytest.approx(expected, rel=1e-6)


def test_the_learning_rate_rises_over_a_share_of_the_budget(learner):
    trained = learner(warm_up=0.4, lr=1e-2)
    rates = []
    for number in range(6):
        trained.epoch(number)
        rates.append(trained.optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.0025, 0.005, 0.0075, 0.01, 0.01, 0.01])


def test_its_settings_are_options_and_its_references_lie_in_the_space(study):
    row = find_study(PATH)
    options = {name for param in study_command(PATH, row).params for name in param.opts}
    assert {"--warm-up", "--dataset", "--eps", "--trials"} <= options
    settings = study.parse_settings({"device": "cpu"})
    labels = [reference.label for reference in study.references(settings)]
    assert labels == ["baseline", "smoothing 0.1"]
    for reference in study.references(settings):
        study.space(settings).check(reference.point)
        assert study.complete(reference.point, settings) == reference.config


def test_several_labels_an_image_are_refused(study):
    settings = study.parse_settings({"dataset": "chestmnist", "device": "cpu"})
    with pytest.raises(UserError, match="chestmnist has several labels an image"):
        study.space(settings)
