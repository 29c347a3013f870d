"""Answers of a classifier that looks at brightness alone, clean and attacked."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.classification.assets import TEST, LabelledImages
from trainables.models.classifiers import build_classifier
from trainables.saved.checkpoint import ModelCard, save_model
from trainables.studies.gansplit.answers import confusion_scores, confusions, middle_radius
from trainables.studies.gansplit.settings import GANSplitSettings


class Bright(nn.Module):
    """Answers the second class where the mean exceeds one half."""

    def forward(self, images):
        grey = images.mean(dim=(1, 2, 3)) - 0.5
        return torch.stack([-grey, grey], dim=1)


def test_an_attack_turns_what_is_within_its_radius():
    greys = torch.tensor([100, 126, 129, 150], dtype=torch.uint8)
    data = LabelledImages(greys.view(4, 1, 1, 1).expand(4, 1, 6, 6), torch.tensor([0, 0, 1, 1]))
    matrices = confusions(Bright(), data, 8 / 255, seed=0)
    assert matrices["clean"].tolist() == [[2, 0], [0, 2]]
    assert matrices["attacked"].tolist() == [[1, 1], [1, 1]]
    assert set(confusions(Bright(), data, 0.0, seed=0)) == {"clean"}


@pytest.mark.parametrize(("eps", "radius"), [((0.0,), 0.0), ((0.0, 1.0), 1.0), ((0, 1, 2, 4), 2)])
def test_the_middle_radius_is_that_of_the_grid(eps, radius):
    assert middle_radius(eps) == radius


def test_scores_count_every_test_image_by_class(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), dtype=np.uint8)
    labels = np.repeat([0, 1, 2], [2, 4, 6])
    (tmp_path / "test").mkdir()
    np.savez(tmp_path / "test" / TEST, images=images, labels=labels)
    card = ModelCard(
        classifier="cnn", channels=1, shape=(28, 28), task="multi-class",
        classes=("a", "b", "c"), dropout=0.0,
    )  # fmt: skip
    save_model(tmp_path / "model", build_classifier("cnn", 1, (28, 28), 3, 0.0), card)
    settings = GANSplitSettings(device="cpu", eps="0,2/255")
    scores = confusion_scores(tmp_path / "model", tmp_path / "test", settings, None)
    for condition in ("clean", "attacked"):
        names = [
            [f"test_{condition}_confusion_{row}_{column}" for column in range(3)]
            for row in range(3)
        ]
        assert [sum(scores[name] for name in line) for line in names] == [2, 4, 6]
    assert len(scores) == 18
