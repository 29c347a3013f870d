import math

import pytest
import torch
from pyautoattack.autopgd_base import APGDAttack

from trainables.attacks.apgd import APGD, _Climb, checkpoints_of
from trainables.attacks.attack import Target, Worst
from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.losses.likelihood import cross_entropy, margin

EPS = (0.03, 0.05, 0.07)


def right(model, images, labels):
    return model(images).argmax(dim=1) == labels


@pytest.fixture(scope="module", params=EPS)
def duel(request, trained):
    """Attack the trained model by both implementations; the oracle resets torch's random state."""
    model, x, y, eps = trained.model, trained.images, trained.labels, request.param
    with torch.random.fork_rng():
        oracle = APGDAttack(model, n_iter=60, eps=eps, loss="ce", seed=0)
        breakers, peaks = oracle.perturb(x, y), oracle.perturb(x, y, best_loss=True)
    candidate = APGD(iterations=60)(model, x, y, pixels(eps), seed=0)
    return trained, candidate, breakers, peaks


def test_robust_accuracy_agrees_with_the_authors(duel):
    """Two of 90 images more or less: at ten radii and five seeds no more was seen to differ."""
    trained, candidate, reference, _ = duel
    counts = [int(right(trained.model, a, trained.labels).sum()) for a in (candidate, reference)]
    assert abs(counts[0] - counts[1]) <= 2


def test_the_loss_reached_agrees_with_the_authors(duel):
    trained, candidate, _, reference = duel
    loss, peak = (
        cross_entropy(trained.model(images), trained.labels) for images in (candidate, reference)
    )
    torch.testing.assert_close(loss.mean(), peak.mean(), rtol=0.02, atol=0)
    assert ((loss - peak).abs() < 0.1 * peak + 0.05).float().mean() > 0.95


@pytest.mark.parametrize("eps", EPS)
def test_what_pgd_breaks_both_apgds_break(trained, eps):
    """Per image, but for one of 90; the authors raise the cross-entropy, and so does their PGD."""
    model, x, y, threat = trained.model, trained.images, trained.labels, pixels(eps)
    with torch.random.fork_rng():
        reference = APGDAttack(model, n_iter=60, eps=eps, loss="ce", seed=0).perturb(x, y)
    pairs = [
        (PGD(steps=20), APGD(iterations=60)(model, x, y, threat, seed=0)),
        (PGD(loss=cross_entropy, steps=20), reference),
    ]
    for pgd, stronger in pairs:
        by_pgd = ~right(model, pgd(model, x, y, threat, seed=0), y)
        assert int((by_pgd & right(model, stronger, y)).sum()) <= 1


def test_apgd_reaches_a_greater_loss_than_pgd_of_as_many_steps(trained):
    model, x, y, threat = trained.model, trained.images, trained.labels, pixels(0.06)
    for loss in (cross_entropy, margin):
        auto = APGD(loss=loss, iterations=50)(model, x, y, threat, seed=0)
        fixed = PGD(loss=loss, steps=50)(model, x, y, threat, seed=0)
        assert loss(model(auto), y).mean() > loss(model(fixed), y).mean()


def test_more_restarts_never_help_the_defender(trained):
    model, x, y = trained.model, trained.images, trained.labels
    once, thrice = (
        right(model, APGD(iterations=10, restarts=r)(model, x, y, pixels(0.05), seed=0), y)
        for r in (1, 3)
    )
    assert not (thrice & ~once).any()


def test_checkpoints_of_the_paper():
    assert checkpoints_of(100) == {22, 41, 57, 70, 80, 87, 93, 99}
    assert checkpoints_of(10) == {3, 5, 6, 7, 8, 9, 10}
    assert checkpoints_of(1) == {1}


class Valley(torch.nn.Module):
    """A score that peaks at 0.6: long steps overshoot, halved ones settle."""

    def forward(self, images):
        score = -30 * (images.flatten(1) - 0.6).abs().sum(dim=1)
        return torch.stack([torch.zeros_like(score), score], dim=1)


def test_steps_are_halved_until_a_sharp_peak_is_met():
    images, labels = torch.full((4, 1, 3, 3), 0.5), torch.zeros(4, dtype=torch.int64)
    auto = APGD(iterations=100)(Valley(), images, labels, pixels(0.3), seed=0)
    fixed = PGD(steps=100)(Valley(), images, labels, pixels(0.3), seed=0)
    assert (auto - 0.6).abs().max() < 0.02
    assert (fixed - 0.6).abs().max() > 0.02


class Waves(torch.nn.Module):
    """One pixel in, a wavy score out; remembers where it was asked."""

    def __init__(self):
        super().__init__()
        self.queries = []

    def forward(self, images):
        self.queries.append(images.item())
        return torch.stack([torch.zeros(1), self.score(images.flatten())], dim=1)

    @staticmethod
    def score(x):
        return 4 * torch.sin(9 * x) - 3 * (x - 0.6).abs()


def algorithm_1(score, start, clean, eps, n):
    """Walk as the paper says, one number at a time; return every point visited."""

    def project(x):
        return min(max(x, clean - eps, 0.0), clean + eps, 1.0)

    def value_and_sign(x):
        x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = score(x)
        value.backward()
        return value.item(), math.copysign(1, x.grad)

    marks = {math.ceil(n * share) for share in (0.22, 0.41, 0.57, 0.7, 0.8, 0.87, 0.93, 0.99)}
    previous = now = start
    path, eta, rises, window = [start], 2 * eps, 0, 0
    value, sign = value_and_sign(now)
    best = best_at_check = (value, now)
    eta_at_check = None
    for step in range(1, n + 1):
        target = project(now + eta * sign)
        if step > 1:
            target = project(now + 0.75 * (target - now) + 0.25 * (now - previous))
        previous, now = now, target
        path.append(now)
        old, (value, sign) = value, value_and_sign(now)
        rises, window = rises + (value > old), window + 1
        best = max(best, (value, now))
        if step in marks:
            unchanged = eta == eta_at_check and best[0] == best_at_check[0]
            eta_at_check, best_at_check = eta, best
            if rises < 0.75 * window or unchanged:
                eta, now = eta / 2, best[1]
                value, sign = value_and_sign(now)
            rises = window = 0
    return path


@pytest.mark.parametrize("clean", [0.05, 0.3, 0.55, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_every_step_is_the_paper_s(clean, seed):
    model, n, eps = Waves(), 60, 0.4
    images = torch.full((1, 1, 1, 1), clean, dtype=torch.float64)
    APGD(iterations=n, loss=margin)(model, images, torch.tensor([0]), pixels(eps), seed=seed)
    path = model.queries[1:]  # the first question is about the clean image
    assert path == pytest.approx(algorithm_1(model.score, path[0], clean, eps, n), abs=1e-9)


def test_a_best_loss_that_stays_halves_the_step_unless_it_was_just_halved():
    """Rises alone do not save a run that only climbs back to where it was."""
    images, labels = torch.full((4, 1, 1, 1), 0.5), torch.zeros(4, dtype=torch.int64)
    target = Target(
        model=Valley(),
        images=images,
        labels=labels,
        threat=pixels(0.3),
        loss=cross_entropy,
        seed=0,
        positions=tuple(range(4)),
    )
    climb = _Climb(target, images, Worst(target))
    climb.window, climb.rises = 4, torch.tensor([4.0, 4.0, 4.0, 2.0])
    climb.halved = torch.tensor([False, True, False, True])
    climb.loss_at_check = climb.best_loss - torch.tensor([0.0, 0.0, 0.1, 0.1])
    climb.check()
    assert climb.step_size.tolist() == pytest.approx([0.3, 0.6, 0.6, 0.3])
    assert climb.halved.tolist() == [True, False, False, True]


@pytest.mark.parametrize("settings", [{"iterations": 0}, {"restarts": 0}])
def test_an_attack_that_does_nothing_does_not_construct(settings):
    with pytest.raises(ValueError, match="APGD"):
        APGD(**settings)
