"""The choice of an epoch: the key rises with what the trial trains for."""

import math

import pytest
import torch

from trainables.attacks.threat import pixels
from trainables.studies.nonrobust.choice import accuracy, choose_by_attack, choose_by_made
from trainables.studies.nonrobust.making import MadeSet


class Constant(torch.nn.Module):
    """Says the same of every image."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, images):
        return self.logits + 0 * images.flatten(1)[:, :1]


def test_accuracy_weighs_classes_alike():
    images, labels = torch.zeros(4, 1, 2, 2), torch.tensor([0, 0, 0, 1])
    assert accuracy(Constant([1.0, 0.0]), images, labels) == 0.5


def test_a_set_made_of_val_chooses_by_its_labels(make_maker):
    maker = make_maker()
    twins = maker.make("random", "val")
    key = choose_by_made(twins)
    score, loss = key(maker.standard)
    assert score == accuracy(maker.standard, twins.images, twins.labels)
    assert loss < 0
    swapped = choose_by_made(MadeSet(twins.images, 1 - twins.labels, ""))
    assert swapped(maker.standard)[0] == pytest.approx(1 - score)


def test_an_attack_on_val_chooses_before_clean_val(make_maker):
    maker = make_maker()
    attacked, clean = choose_by_attack(maker.data, 8 / 255, seed=0)(maker.standard)
    images = maker.data.val.images.float() / 255
    assert clean == accuracy(maker.standard, images, maker.data.val.labels)
    assert attacked <= clean
    assert choose_by_attack(maker.data, pixels(0).eps, seed=0)(maker.standard) == (clean, clean)


def test_a_diverged_network_ranks_last(make_maker):
    key = choose_by_attack(make_maker().data, 8 / 255, seed=0)
    assert key(Constant([math.nan, 0.0])) == (-math.inf, -math.inf)
