import math

import pytest
import torch
from torch import nn

from trainables.attacks.signs.gradients import misled, rounding, unexplained, vanishing


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


class Cut(nn.Module):
    """Lets no gradient through but at the first pixels; every pixel counts alike."""

    def __init__(self, sound):
        super().__init__()
        self.sound = sound

    def forward(self, images):
        pixels = images.flatten(1)
        pixels = torch.cat([pixels[:, : self.sound], pixels[:, self.sound :].detach()], dim=1)
        return torch.stack([0 * pixels.sum(dim=1), pixels.sum(dim=1)], dim=1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_honest_gradient_says_what_small_changes_do(scale):
    assert not misled(Sum(lambda mean: scale * (3 * mean).tanh()), IMAGES, LABELS, 0).any()


@pytest.mark.parametrize(("sound", "expected"), [(16, False), (15, True), (4, True), (0, True)])
def test_a_gradient_that_is_cut_leaves_much_unsaid(sound, expected):
    assert (misled(Cut(sound), IMAGES, LABELS, 0) == expected).all()


def test_a_gradient_of_another_function_leaves_much_unsaid():
    ripples = Sum(lambda mean: mean + 0.001 * (1e5 * mean).sin())
    assert misled(ripples, IMAGES, LABELS, 0).all()
    nan = Sum(lambda mean: mean + (mean - mean).abs().sqrt())
    assert misled(nan, IMAGES, LABELS, 0).all()


def test_where_nothing_changes_nothing_is_unsaid():
    assert not misled(Sum(lambda mean: 0 * mean), IMAGES, LABELS, 0).any()


def test_rounding_to_grey_levels_with_a_gradient_let_through_is_no_sign():
    class Rounded(Sum):
        def forward(self, images):
            return super().forward(images + ((255 * images).round() / 255 - images).detach())

    assert not misled(Rounded(), (255 * IMAGES).round() / 255, LABELS, 0).any()


def test_pixels_at_a_bound_move_inwards():
    images = IMAGES.round()
    seen = []

    class Watched(Sum):
        def forward(self, images):
            seen.append((float(images.detach().min()), float(images.detach().max())))
            return super().forward(images)

    misled(Watched(), images, LABELS, 0)
    assert min(low for low, _ in seen) == pytest.approx(0, abs=1e-6)
    assert max(high for _, high in seen) == pytest.approx(1, abs=1e-6)


def test_every_image_is_judged_by_itself():
    class Light(Sum):
        """Lets no gradient through where the image is light."""

        def forward(self, images):
            light = images.flatten(1).mean(dim=1)[:, None, None, None] > 0.55
            return super().forward(torch.where(light, images.detach(), images))

    signs = unexplained(Light(), IMAGES, lambda logits: logits[:, 1], 0.01, 0)
    assert torch.equal(signs, LABELS.bool())


def test_rounding_is_half_a_unit_of_the_greatest_logit_by_the_spread():
    logits = torch.tensor([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    spread = math.sqrt(2 / 3)
    assert rounding(logits) == pytest.approx(2**-24 / spread)
    assert rounding(1e5 * logits) == pytest.approx(2**-24 / spread)
    assert rounding(logits + 1e6) == pytest.approx((1e6 + 1) * 2**-24 / spread)
    assert rounding(torch.ones(3, 2)) == math.inf
