import pytest
import torch
from pyautoattack.autopgd_base import APGDAttack_targeted
from torch import nn

from trainables.attacks.apgd import APGD, TargetedAPGD
from trainables.attacks.threat import pixels
from trainables.losses.likelihood import margin


def right(model, images, labels):
    return model(images).argmax(dim=1) == labels


@pytest.mark.parametrize("eps", [0.02, 0.03, 0.04])
def test_it_agrees_with_the_authors_on_ten_classes(ten, eps):
    """One of 60 images more or less."""
    model, x, y = ten.model, ten.images, ten.labels
    with torch.random.fork_rng():
        oracle = APGDAttack_targeted(model, n_iter=30, eps=eps, seed=0)
        reference = right(model, oracle.perturb(x, y), y)
    candidate = right(model, TargetedAPGD(iterations=30)(model, x, y, pixels(eps), seed=0), y)
    assert 3 < candidate.sum() < 57
    assert abs(int(candidate.sum()) - int(reference.sum())) <= 1


class Linear(nn.Module):
    """Logits in [0, 1] that the pixels are, so that every class has a known distance."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, images):
        self.sizes.append(len(images))
        return images.flatten(1)


def test_the_classes_are_tried_in_turn_until_one_breaks_the_image():
    """The runner-up lies 0.2 ahead of all others: within 0.1 it alone can win."""
    images = torch.tensor([[0.8, 0.3, 0.7, 0.2, 0.1], [0.9, 0.1, 0.2, 0.1, 0.1]])[:, None]
    labels, model = torch.tensor([0, 0]), Linear()
    attack = TargetedAPGD(iterations=4)
    adversarials = attack(model, images, labels, pixels(0.1), seed=0)
    assert model(adversarials).argmax(dim=1).tolist() == [2, 0]
    # Both are driven towards their first class, then the second image alone towards three more;
    # each climb asks of the clean images, the start and 4 steps. The whole batch is looked at
    # first by Worst, by rivals, and after every climb.
    climbs = [[2] * 6 + [2], *[[1] * 6 + [2]] * 3]
    assert model.sizes[:-1] == [2, 2, *[size for climb in climbs for size in climb]]


def test_at_most_so_many_classes_are_tried():
    images, model = torch.tensor([[[0.9, 0.1, 0.2, 0.1, 0.1]]]), Linear()
    TargetedAPGD(iterations=1, classes=2)(model, images, torch.tensor([0]), pixels(0.1), seed=0)
    assert len(model.sizes) == 2 + 2 * (3 + 1)


class Lure(nn.Module):
    """The runner-up is never to be had; a class that looked hopeless is, along another pixel."""

    def forward(self, images):
        near, far = images[:, 0, 0], images[:, 0, 1]
        unit = torch.ones_like(near)
        logits = [unit, 0.99 - (0.9 - near).square(), 0.5 + 3.6 * (far - 0.5), 0.1 * unit, 0 * unit]
        return torch.stack(logits, dim=1)


def test_another_class_breaks_what_the_runner_up_does_not():
    """Why there are targets: the margin's gradient knows of the runner-up alone."""
    images, labels = torch.full((40, 1, 2), 0.5), torch.zeros(40, dtype=torch.int64)
    images[:, 0, 0] = 0.8
    untargeted = APGD(loss=margin, iterations=3)(Lure(), images, labels, pixels(0.15), seed=0)
    assert right(Lure(), untargeted, labels).float().mean() > 0.8  # the others began beside it
    targeted = TargetedAPGD(iterations=3)(Lure(), images, labels, pixels(0.15), seed=0)
    assert not right(Lure(), targeted, labels).any()


def test_with_two_classes_it_is_apgd_on_the_margin(trained):
    class Two(nn.Module):
        def forward(self, images):
            return trained.model(images)[:, :2]

    mask = trained.labels < 2
    x, y = trained.images[mask].double(), trained.labels[mask]
    model = Two()
    trained.model.double()
    try:
        keep = right(model, x, y)
        targeted = TargetedAPGD(iterations=12)(model, x[keep], y[keep], pixels(0.04), seed=0)
        plain = APGD(loss=margin, iterations=12)(model, x[keep], y[keep], pixels(0.04), seed=0)
    finally:
        trained.model.float()
    torch.testing.assert_close(targeted, plain, rtol=0, atol=1e-9)


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"iterations": 0}, {"restarts": 0}])
def test_what_does_nothing_does_not_construct(wrong):
    with pytest.raises(ValueError, match="does nothing"):
        TargetedAPGD(**wrong)
