"""Pre-trained classifiers: trainings once for data, settings and seed."""

import pytest
import torch

from trainables.classification.assets import LabelledImages
from trainables.studies.deepauc.pretraining import obtain_pretrained
from trainables.studies.deepauc.settings import DeepAUCSettings


@pytest.fixture
def obtain(tmp_path):
    """Obtain weights, and count how often they were trained."""
    images = LabelledImages(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.tensor([0, 1]))
    trainings = []

    def call(data=images, **changes):
        values = {"dataset": "breastmnist", "eps": "0,1/255", "cache": tmp_path} | changes

        def train():
            trainings.append(1)
            return {"w": torch.full((2,), float(len(trainings)))}

        model = obtain_pretrained(DeepAUCSettings(**values), data, train, lambda _: None)
        return model, len(trainings)

    call.images = images
    return call


def test_the_same_is_trained_once(obtain):
    first, _ = obtain()
    second, count = obtain()
    assert count == 1
    assert torch.equal(first.values["w"], second.values["w"])
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"pretrain_epochs": 3}, {"classifier": "densenet"}, {"precision": "bf16"}],
)
def test_whatever_changes_the_weights_changes_the_digest(obtain, change):
    first, _ = obtain(precision="fp32")
    second, count = obtain(**{"precision": "fp32"} | change)
    assert count == 2
    assert first.digest != second.digest


def test_other_labels_are_other_data(obtain):
    obtain()
    _, count = obtain(LabelledImages(obtain.images.images, torch.tensor([1, 0])))
    assert count == 2
