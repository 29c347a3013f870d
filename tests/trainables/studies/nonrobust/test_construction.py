"""Made sets on linear networks, where they have a closed form."""

import pytest
import torch
from torch import nn

from trainables.models.classifiers import build_classifier
from trainables.studies.nonrobust.construction import (
    add_noise,
    describe,
    match_features,
    move_towards,
    next_targets,
    radius_of,
    random_targets,
)

RADIUS = 0.3


class Linear(nn.Module):
    """Two logits of 25 pixels, with a margin that a bias may make as large as one likes."""

    def __init__(self, bias=0.0):
        super().__init__()
        stream = torch.Generator().manual_seed(5)
        self.weights = torch.randn((25, 2), generator=stream)
        self.bias = torch.tensor([bias, 0.0])

    def forward(self, images):
        return images.flatten(1) @ self.weights + self.bias


@pytest.fixture
def images():
    stream = torch.Generator().manual_seed(1)
    return 0.4 + 0.2 * torch.rand((40, 1, 5, 5), generator=stream)  # no bound is near


@pytest.mark.parametrize("bias", [0.0, 40.0, -40.0])
def test_a_linear_network_is_followed_straight_to_the_end_of_the_radius(images, bias):
    model, targets = Linear(bias), torch.arange(40) % 2
    twins = move_towards(model, images, targets, RADIUS, 10)
    difference = model.weights[:, 1] - model.weights[:, 0]
    sign = (2 * targets - 1)[:, None]
    expected = images.flatten(1) + RADIUS * sign * difference / difference.norm()
    torch.testing.assert_close(twins.flatten(1), expected, rtol=0, atol=1e-5)


def test_images_stay_in_the_ball_and_in_bounds_and_the_bounds_cost_little(images):
    model, targets = Linear(), torch.arange(40) % 2
    corners = images.round()
    twins = move_towards(model, corners, targets, RADIUS, 30)
    assert twins.min() >= 0
    assert twins.max() <= 1
    assert (twins - corners).flatten(1).norm(dim=1).max() <= RADIUS * (1 + 1e-6)
    # the best within the box: the whole radius along the coordinates that are free
    difference = (model.weights[:, 1] - model.weights[:, 0]) * (2 * targets - 1)[:, None]
    free = difference.where((1 - 2 * corners.flatten(1)) * difference > 0, 0.0)
    best = RADIUS * free.norm(dim=1)
    gain = ((twins - corners).flatten(1) * difference).sum(dim=1)
    assert (gain > 0.97 * best).all()


def test_an_image_without_a_gradient_stays_as_it_is(images):
    class Dead(nn.Module):
        def forward(self, images):
            return (images.flatten(1).sum(dim=1, keepdim=True) - 1e6).relu().expand(-1, 2)

    assert torch.equal(move_towards(Dead(), images, torch.zeros(40).long(), 1.0, 3), images)


def test_random_targets_are_uniform_and_know_nothing_of_the_labels():
    labels = torch.arange(6000) % 3
    targets = random_targets(labels, 3, seed=0)
    counts = torch.zeros(3, 3).index_put_((labels, targets), torch.ones(6000), accumulate=True)
    expected = 6000 / 9
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert chi_square < 26.1  # 8 degrees of freedom, p = 0.001
    assert torch.equal(targets, random_targets(labels.flip(0), 3, seed=0))
    assert not torch.equal(targets, random_targets(labels, 3, seed=1))


def test_the_next_target_is_never_the_label():
    assert next_targets(torch.tensor([0, 1, 2]), 3).tolist() == [1, 2, 0]
    assert next_targets(torch.tensor([0, 1]), 2).tolist() == [1, 0]


def test_what_became_of_a_set_is_described(images):
    model, targets = Linear(), torch.arange(40) % 2
    model.bias = -images.flatten(1).mean(dim=0) @ model.weights  # the mean image is on the edge
    twins = move_towards(model, images, targets, 1.0, 10)
    making = describe(model, twins, images, targets)
    answers = model(twins).argmax(dim=1)
    assert making.fooled == pytest.approx((answers == targets).float().mean())
    assert making.fooled == 1.0
    assert making.length == pytest.approx(1.0, abs=0.01)
    assert making.greatest == pytest.approx((twins - images).abs().flatten(1).amax(1).median())
    still = describe(model, images, images, targets)
    assert (still.length, still.greatest) == (0.0, 0.0)
    answers = model(images).argmax(dim=1)
    assert still.fooled == pytest.approx((answers == targets).float().mean())


def test_noise_has_the_length_and_no_direction(images):
    noisy = add_noise(images, RADIUS, seed=0)
    change = (noisy - images).flatten(1)
    torch.testing.assert_close(change.norm(dim=1), torch.full((40,), RADIUS))
    assert (change @ change.T / RADIUS**2).fill_diagonal_(0).abs().mean() < 0.3
    assert torch.equal(noisy, add_noise(images, RADIUS, seed=0))


def test_a_radius_means_the_same_change_of_a_pixel_at_any_size():
    for shape in [(1, 28, 28), (3, 28, 28), (1, 9, 9, 9)]:
        images = torch.zeros((2, *shape))
        rms = radius_of(images, 0.5) / images[0].numel() ** 0.5
        assert rms == pytest.approx(0.5 / 28)


def test_features_of_other_images_become_those_of_the_images(images):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_classifier("cnn", 1, (8, 8), 2, dropout=0.0).eval()
    stream = torch.Generator().manual_seed(2)
    pictures = torch.rand((6, 1, 8, 8), generator=stream)
    starts = pictures.roll(1, dims=0)
    twins = match_features(network, pictures, starts, 150)
    with torch.no_grad():
        target, before, after = (network.features(x) for x in (pictures, starts, twins))
    assert twins.min() >= 0
    assert twins.max() <= 1
    assert ((after - target).norm(dim=1) < 0.5 * (before - target).norm(dim=1)).all()
