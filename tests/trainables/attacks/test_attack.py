"""The sealed call: whatever an attack does inside."""

import copy
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from trainables.attacks.apgd import APGD
from trainables.attacks.attack import Attack
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.threat import pixels
from trainables.losses.likelihood import Loss, cross_entropy


@dataclass(frozen=True, kw_only=True)
class Rude(Attack):
    """Moves far outside of everything, and tells what it saw."""

    loss: Loss = cross_entropy
    shift: float = 7.0

    def _perturb(self, target):
        assert torch.is_grad_enabled()
        assert not any(module.training for module in target.model.modules())
        assert not any(p.requires_grad for p in target.model.parameters())
        return target.images + self.shift


@dataclass(frozen=True, kw_only=True)
class Starts(Attack):
    """Returns the random starts."""

    loss: Loss = cross_entropy
    restart: int = 0

    def _perturb(self, target):
        return target.random_start(self.restart)


@pytest.fixture
def model():
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2))


IMAGES = torch.full((6, 2, 2, 2), 0.5)
LABELS = torch.zeros(6, dtype=torch.int64)


def test_what_leaves_the_ball_is_brought_back(model):
    adversarials = Rude()(model, IMAGES, LABELS, pixels(0.25), seed=0)
    assert torch.equal(adversarials, torch.full_like(IMAGES, 0.75))


def test_what_is_not_finite_is_an_error(model):
    with pytest.raises(FloatingPointError, match="not finite"):
        Rude(shift=float("nan"))(model, IMAGES, LABELS, pixels(0.25), seed=0)


def test_a_diverged_model_is_an_error(model):
    nn.init.constant_(model[3].bias, float("nan"))
    with pytest.raises(FloatingPointError, match="not finite"):
        PGD()(model, IMAGES, LABELS, pixels(0.25), seed=0)


def test_modes_flags_and_buffers_are_as_before_even_after_an_error(model):
    model.train()
    model[1].eval()
    model[1].weight.requires_grad_(False)
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    for shift in (1.0, float("nan")):
        try:
            Rude(shift=shift)(model, IMAGES, LABELS, pixels(0.1), seed=0)
        except FloatingPointError:
            assert shift != 1.0
        assert [m.training for m in model.modules()] == [True, True, False, True, True]
        assert [p.requires_grad for p in model.parameters()] == [False, True, True, True]
    PGD()(model, IMAGES, LABELS, pixels(0.1), seed=0)
    assert all(torch.equal(value, buffers[name]) for name, value in model.named_buffers())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_a_surrounding_context_without_gradients_changes_nothing(model, context):
    expected = PGD()(model, IMAGES, LABELS, pixels(0.1), seed=0)
    with context():
        adversarials = PGD()(model, IMAGES.clone(), LABELS.clone(), pixels(0.1), seed=0)
        assert not torch.is_grad_enabled()
    assert torch.equal(adversarials, expected)
    assert not adversarials.requires_grad


def test_random_starts_do_not_depend_on_batches_nor_neighbours(model):
    starts = Starts()(model, IMAGES, LABELS, pixels(0.3), seed=4)
    for batch_size in (1, 4):
        parts = Starts(batch_size=batch_size)(model, IMAGES, LABELS, pixels(0.3), seed=4)
        assert torch.equal(parts, starts)
    rows = torch.tensor([5, 2])
    subset = Starts()(model, IMAGES[rows], LABELS[rows], pixels(0.3), seed=4, positions=rows)
    assert torch.equal(subset, starts[rows])


def test_random_starts_differ_between_images_seeds_and_restarts_and_fill_the_ball(model):
    starts = Starts()(model, IMAGES, LABELS, pixels(0.3), seed=4)
    assert len({tuple(image.flatten().tolist()) for image in starts}) == len(starts)
    assert not torch.equal(starts, Starts()(model, IMAGES, LABELS, pixels(0.3), seed=5))
    assert not torch.equal(starts, Starts(restart=1)(model, IMAGES, LABELS, pixels(0.3), seed=4))
    assert starts.min() < 0.25
    assert starts.max() > 0.75


def test_nothing_is_attacked_at_radius_zero_or_without_images(model):
    adversarials = Rude()(model, IMAGES, LABELS, pixels(0), seed=0)
    assert torch.equal(adversarials, IMAGES)
    assert adversarials.data_ptr() != IMAGES.data_ptr()
    assert Rude()(model, IMAGES[:0], LABELS[:0], pixels(0.1), seed=0).shape == (0, 2, 2, 2)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (torch.full((6, 2, 2, 2), 128, dtype=torch.uint8), LABELS),
        (IMAGES + 1, LABELS),
        (IMAGES * float("nan"), LABELS),
        (IMAGES, LABELS[:5]),
    ],
    ids=["bytes", "out-of-bounds", "nan", "too-few-labels"],
)
def test_what_cannot_be_attacked_is_refused(model, images, labels):
    with pytest.raises(ValueError, match="images to attack"):
        Rude()(model, images, labels, pixels(0.1), seed=0)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 16, 1e3, 1e6])
@pytest.mark.parametrize(
    "attack", [FGSM(), PGD(steps=5), APGD(iterations=8)], ids=["fgsm", "pgd", "apgd"]
)
def test_the_scale_of_logits_changes_no_attacked_image(trained, attack, scale):
    """In double precision, where no rounding decides a sign."""
    model, images = copy.deepcopy(trained.model).double(), trained.images.double()
    labels = trained.labels

    class Scaled(nn.Module):
        def forward(self, inputs):
            return scale * model(inputs)

    plain = attack(model, images, labels, pixels(0.04), seed=0)
    torch.testing.assert_close(attack(Scaled(), images, labels, pixels(0.04), seed=0), plain)
    assert not torch.equal(plain, images)


def test_a_class_that_never_competes_changes_no_attacked_image(trained):
    """Its logit lies far below the others: with it, they would look alike."""
    model, images = copy.deepcopy(trained.model).double(), trained.images.double()

    class WithAnother(nn.Module):
        def __init__(self, logit):
            super().__init__()
            self.logit = logit

        def forward(self, inputs):
            logits = model(inputs)
            return torch.cat([logits, torch.full_like(logits[:, :2], self.logit)], dim=1)

    attacked = [
        PGD(steps=5)(WithAnother(logit), images, trained.labels, pixels(0.04), seed=0)
        for logit in (-1e3, -1e6)
    ]
    torch.testing.assert_close(*attacked)
