import pytest
import torch
from pyautoattack.autopgd_base import APGDAttack

from trainables.attacks.apgd import APGD, checkpoints_of
from trainables.attacks.gradient import PGD
from trainables.attacks.losses import cross_entropy, margin
from trainables.attacks.threat import pixels

EPS = (0.03, 0.05, 0.07)


def right(model, images, labels):
    return model(images).argmax(dim=1) == labels


@pytest.fixture(scope="module", params=EPS)
def duel(request, trained):
    """Attack the trained model by both implementations; theirs resets the global random state."""
    model, x, y, eps = trained.model, trained.images, trained.labels, request.param
    with torch.random.fork_rng():
        theirs = APGDAttack(model, n_iter=60, eps=eps, loss="ce", seed=0)
        broken_by_them, loss_by_them = theirs.perturb(x, y), theirs.perturb(x, y, best_loss=True)
    ours = APGD(iterations=60)(model, x, y, pixels(eps), seed=0)
    pgd = PGD(steps=20)(model, x, y, pixels(eps), seed=0)
    return trained, ours, pgd, broken_by_them, loss_by_them


def test_robust_accuracy_agrees_with_the_authors(duel):
    """Two of 90 images more or less: at ten radii and five seeds no more was seen to differ."""
    trained, ours, _, theirs, _ = duel
    counts = [int(right(trained.model, a, trained.labels).sum()) for a in (ours, theirs)]
    assert abs(counts[0] - counts[1]) <= 2


def test_the_loss_reached_agrees_with_the_authors(duel):
    trained, ours, _, _, theirs = duel
    ours, theirs = (cross_entropy(trained.model(a), trained.labels) for a in (ours, theirs))
    torch.testing.assert_close(ours.mean(), theirs.mean(), rtol=0.02, atol=0)
    assert ((ours - theirs).abs() < 0.1 * theirs + 0.05).float().mean() > 0.95


def test_what_pgd_breaks_both_apgds_break(duel):
    """Per image, but for one of 90."""
    trained, ours, pgd, theirs, _ = duel
    by_pgd = ~right(trained.model, pgd, trained.labels)
    for stronger in (ours, theirs):
        kept = right(trained.model, stronger, trained.labels)
        assert int((by_pgd & kept).sum()) <= 1


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


@pytest.mark.parametrize("settings", [{"iterations": 0}, {"restarts": 0}])
def test_an_attack_that_does_nothing_does_not_construct(settings):
    with pytest.raises(ValueError, match="APGD"):
        APGD(**settings)
