import math

import pytest
import torch
from torch import nn

from trainables.attacks.signs.gradients import rounding, vanishing


class Sum(nn.Module):
    """Class 1 above a mean of 0.5; the logits are functions of the mean."""

    def __init__(self, change=lambda mean: mean):
        super().__init__()
        self.change = change

    def forward(self, images):
        score = self.change(images.flatten(1).mean(dim=1) - 0.5)
        return torch.stack([-score, score], dim=1)


IMAGES = torch.linspace(0.1, 0.9, 9)[:, None, None, None].expand(9, 1, 4, 4).contiguous()
LABELS = (IMAGES[:, 0, 0, 0] > 0.5).long()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_honest_gradient_has_any_scale(scale):
    assert not vanishing(Sum(lambda mean: scale * mean), IMAGES, LABELS)[LABELS == 1].any()


def test_a_gradient_that_denies_what_other_images_prove_has_vanished():
    """At a distance of 0.3 and more from the middle the tangent is flat, at 0.1 it is not."""
    steep = vanishing(Sum(lambda mean: (15 * mean).tanh()), IMAGES, LABELS)
    assert steep.tolist() == [True, True, False, False, False, False, False, True, True]


@pytest.mark.parametrize("change", [torch.sign, lambda mean: 0 * mean])
def test_no_gradient_has_vanished(change):
    assert vanishing(Sum(change), IMAGES, LABELS).all()


def test_a_gradient_that_is_no_number_has_vanished():
    assert vanishing(Sum(lambda mean: (mean - mean).abs().sqrt()), IMAGES, LABELS).all()


def test_it_is_computed_in_inference_mode_too_and_leaves_no_gradient():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    with torch.inference_mode():
        vanishing(model, IMAGES, LABELS)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_rounding_is_half_a_unit_of_the_greatest_logit_by_the_spread():
    logits = torch.tensor([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    spread = math.sqrt(2 / 3)
    assert rounding(logits) == pytest.approx(2**-24 / spread)
    assert rounding(1e5 * logits) == pytest.approx(2**-24 / spread)
    assert rounding(logits + 1e6) == pytest.approx((1e6 + 1) * 2**-24 / spread)
    assert rounding(torch.ones(3, 2)) == math.inf
