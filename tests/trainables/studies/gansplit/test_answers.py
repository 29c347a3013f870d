"""Answers of a classifier that looks at brightness alone, clean and attacked."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.evaluation import RobustReport
from trainables.classification.assets import LabelledImages
from trainables.studies.gansplit.answers import confusion_scores, confusions, middle_radius


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


def test_scores_count_every_test_image_by_class():
    logits = np.zeros((3, 4, 2), dtype=np.float32)  # radius 0, 1 and 2: ever more second answers
    logits[0, 2:, 1] = logits[1, 1:, 1] = logits[2, :, 1] = 1
    report = RobustReport("binary", (0.0, 1.0, 2.0), logits, np.array([0, 0, 1, 1]))
    assert confusion_scores(report, 1.0) == {
        "test_clean_confusion_0_0": 2,
        "test_clean_confusion_0_1": 0,
        "test_clean_confusion_1_0": 0,
        "test_clean_confusion_1_1": 2,
        "test_attacked_confusion_0_0": 1,
        "test_attacked_confusion_0_1": 1,
        "test_attacked_confusion_1_0": 0,
        "test_attacked_confusion_1_1": 2,
    }
