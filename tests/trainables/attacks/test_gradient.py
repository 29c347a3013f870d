from itertools import pairwise

import pytest
import torch
from torch import nn

from trainables.attacks.apgd import APGD
from trainables.attacks.gradient import FGSM, PGD, TradesAttack
from trainables.attacks.threat import ThreatModel, pixels
from trainables.losses.divergence import divergence
from trainables.losses.likelihood import binary_cross_entropy, cross_entropy, margin


@pytest.fixture
def images():
    rng = torch.Generator().manual_seed(6)
    values = torch.rand((16, 3, 5, 4), generator=rng, dtype=torch.float64)
    values[0, 0], values[1, 1] = 0.0, 1.0  # at the bounds, where only one direction is left
    return values


LABELS = torch.arange(16) % 2


EXACT = {
    "fgsm": FGSM(),
    "pgd": PGD(),
    "pgd-3": PGD(steps=3),
    "pgd-from-clean": PGD(random_start=False),
    "pgd-restarts": PGD(restarts=2),
    "pgd-margin": PGD(loss=margin),
    "apgd-ce": APGD(iterations=20),
    "apgd-margin": APGD(iterations=20, loss=margin),
}


@pytest.mark.parametrize("attack", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("eps", [1 / 255, 0.1, 0.7])
def test_a_linear_model_s_worst_case_is_found(linear, images, attack, eps):
    adversarials = attack(linear, images, LABELS, pixels(eps), seed=0)
    worst = linear.worst(images, LABELS, eps)
    torch.testing.assert_close(adversarials, worst, rtol=0, atol=1e-9)


def test_the_worst_loss_of_a_linear_model_by_formula(linear, images):
    """Where no bound interferes, the score falls by exactly eps |w|_1 for class 1."""
    images, eps = 0.3 + 0.4 * images, 0.2
    adversarials = PGD()(linear, images, LABELS, pixels(eps), seed=0)
    change = (linear(adversarials) - linear(images))[:, 1]
    reach = eps * linear.scale * linear.weight.abs().sum()
    torch.testing.assert_close(change, torch.where(LABELS == 1, -reach, reach))


def test_without_bounds_the_ball_is_all_there_is(linear, images):
    threat = ThreatModel(norm="linf", eps=0.5, low=None, high=None, unit="standard deviations")
    adversarials = PGD()(linear, images, LABELS, threat, seed=0)
    torch.testing.assert_close((adversarials - images).abs(), torch.full_like(images, 0.5))


def accuracy_by_image(model, adversarials, labels):
    return model(adversarials).argmax(dim=1) == labels


@pytest.mark.parametrize("loss", [cross_entropy, margin])
def test_more_steps_and_restarts_never_help_the_defender(trained, loss):
    model, x, y = trained.model, trained.images, trained.labels
    ladder = [
        PGD(loss=loss, steps=steps, restarts=restarts)
        for steps, restarts in [(10, 1), (12, 1), (20, 1), (50, 1)]
    ]
    ladder += [PGD(loss=loss, steps=50, restarts=2), PGD(loss=loss, steps=50, restarts=3)]
    right = [
        accuracy_by_image(model, attack(model, x, y, pixels(0.06), seed=1), y) for attack in ladder
    ]
    for weaker, stronger in pairwise(right):
        assert not (stronger & ~weaker).any()
    assert 0.05 < right[0].float().mean() < 0.95  # else the comparison would be empty


def test_fewer_steps_than_ten_help_the_defender_within_noise(trained):
    """Default steps differ below ten, so nothing is exact there: 5 points were never exceeded."""
    shares = []
    for steps in (1, 2, 5, 10):
        adversarials = PGD(steps=steps)(
            trained.model, trained.images, trained.labels, pixels(0.06), seed=1
        )
        shares.append(
            accuracy_by_image(trained.model, adversarials, trained.labels).float().mean().item()
        )
    assert all(b <= a + 0.05 for a, b in pairwise(shares))
    assert shares[-1] < shares[0]


def test_pgd_is_stronger_than_fgsm_and_a_greater_radius_than_a_smaller(trained):
    def robust(attack, eps):
        adversarials = attack(trained.model, trained.images, trained.labels, pixels(eps), seed=1)
        right = accuracy_by_image(trained.model, adversarials, trained.labels)
        return right.float().mean().item()

    curve = [robust(PGD(), eps) for eps in (0.0, 0.02, 0.04, 0.06, 0.1, 0.5)]
    assert curve[0] == 1
    assert curve == sorted(curve, reverse=True)
    assert curve[-1] == 0
    assert robust(PGD(), 0.06) <= robust(FGSM(), 0.06)


class Stairs(nn.Module):
    """Right up to 0.55; wrong, if nearly a tie of two, up to 0.65; then right in a tie of three."""

    def forward(self, images):
        t = images.flatten(1)[:, 0]
        stair = (t > 0.55).long() + (t > 0.65).long()
        rival = torch.tensor([-1, 0.01, -0.01])[stair] + 1e-3 * t
        third = torch.tensor([-9, -9, -0.01])[stair] + 1e-3 * t
        return torch.stack([torch.zeros_like(t), rival, third], dim=1)


def test_a_misclassified_image_is_kept_though_a_right_one_has_the_greater_loss():
    model, label = Stairs(), torch.tensor([0])
    path = torch.tensor([0.6, 0.7]).reshape(2, 1, 1, 1)
    assert model(path).argmax(dim=1).tolist() == [1, 0]
    wrong, right = cross_entropy(model(path), label.expand(2))
    assert wrong < right
    attack = PGD(steps=2, step_size=0.25, random_start=False)
    adversarials = attack(model, torch.full((1, 1, 1, 1), 0.5), label, pixels(0.4), seed=0)
    assert adversarials.item() == pytest.approx(0.6)


def test_multi_label_pgd_raises_binary_cross_entropy():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.Tanh(), nn.Linear(16, 5))
    images, labels = torch.rand(20, 1, 6, 6), torch.randint(2, (20, 5))

    def loss(x):
        return binary_cross_entropy(model(x), labels).detach()

    fast = FGSM(loss=binary_cross_entropy)(model, images, labels, pixels(0.05), seed=0)
    slow = PGD(loss=binary_cross_entropy)(model, images, labels, pixels(0.05), seed=0)
    assert (loss(slow) > loss(images)).all()
    assert loss(slow).mean() >= loss(fast).mean() > loss(images).mean()


def test_the_result_does_not_depend_on_the_batch_size(linear, images):
    result = PGD()(linear, images, LABELS, pixels(0.1), seed=0)
    parts = PGD(batch_size=5)(linear, images, LABELS, pixels(0.1), seed=0)
    torch.testing.assert_close(parts, result, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 0},
        {"restarts": 0},
        {"step_size": 0.0},
        {"step_size": float("nan")},
        {"restarts": 2, "random_start": False},
    ],
)
def test_an_attack_that_does_nothing_does_not_construct(settings):
    with pytest.raises(ValueError, match="PGD"):
        PGD(**settings)


@pytest.mark.parametrize("eps", [1 / 255, 0.1])
def test_the_attack_of_trades_moves_the_answer_and_leaves_the_network_alone(images, eps):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Flatten(), nn.BatchNorm1d(60), nn.Linear(60, 8), nn.ReLU(), nn.Linear(8, 3)
        ).double()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    with torch.no_grad():
        clean = model(images)
    model.train()
    attacked = TradesAttack()(model, images, clean, pixels(eps), seed=3)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(attacked, TradesAttack()(model, images, clean, pixels(eps), seed=3))
    assert (attacked - images).abs().max() <= eps + 1e-12
    model.eval()
    with torch.no_grad():
        beside = images + (attacked - images).sign() * 1e-3 * eps  # no distance to speak of
        moved, still = (divergence(model(x), clean) for x in (attacked, beside.clamp(0, 1)))
    assert (moved > still).all()
