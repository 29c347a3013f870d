"""Whom guessing blames: networks whose gradient fails, and not a gradient that was short."""

import pytest
import torch
from torch import nn

from trainables.attacks.signs.guessing import only_guessing
from trainables.attacks.threat import pixels

GREYS = torch.tensor([0.2, 0.38, 0.46, 0.54, 0.62, 0.9])
IMAGES = GREYS[:, None, None, None].expand(6, 1, 4, 4).contiguous()
LABELS = (GREYS > 0.5).long()


class Brightness(nn.Module):
    def __init__(self, change=lambda mean: mean):
        super().__init__()
        self.change, self.queries = change, 0

    def forward(self, images):
        self.queries += len(images)
        score = self.change(images.flatten(1).mean(dim=1) - 0.5)
        return torch.stack([-score, score], dim=1)


def guessed(model, eps, queries=100):
    return only_guessing(model, IMAGES, LABELS, pixels(eps), queries=queries, seed=0)


@pytest.mark.parametrize("eps", [0.05, 0.2, 1.0])
def test_an_honest_model_falls_to_both(eps):
    assert not guessed(Brightness(), eps).any()
    assert not guessed(Brightness(lambda mean: 1e5 * mean), eps).any()


def test_a_model_without_a_gradient_falls_to_guessing_alone():
    model = Brightness(lambda mean: (50 * mean).round())
    broken = guessed(model, 0.09, queries=300)
    assert broken.tolist() == [False, False, True, True, False, False]


def test_what_no_one_breaks_is_not_counted():
    assert not guessed(Brightness(torch.sign), 0.01).any()


def test_where_guessing_fails_nothing_is_climbed():
    model = Brightness()
    guessed(model, 0.01, queries=5)
    assert model.queries == 6 * (1 + 6) + 6  # the clean images, stripes and squares; the answer


def test_the_set_may_be_empty():
    empty = only_guessing(Brightness(), IMAGES[:0], LABELS[:0], pixels(0.1), queries=5, seed=0)
    assert empty.shape == (0,)
