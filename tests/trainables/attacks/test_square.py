import pytest
import torch
from pyautoattack.square import SquareAttack
from torch import nn

from trainables.attacks.apgd import APGD
from trainables.attacks.gradient import PGD
from trainables.attacks.losses import margin
from trainables.attacks.square import Square, side_of
from trainables.attacks.threat import pixels


def n_right(model, images, labels):
    return int((model(images).argmax(dim=1) == labels).sum())


@pytest.mark.parametrize("eps", [0.05, 0.07])
def test_it_agrees_with_the_authors(trained, eps):
    """On average over seeds 12 of 90 images apart, and mostly in our favour.

    The authors' squares never reach the last row and column, which counts at 12 pixels.
    """
    model, x, y = trained.model, trained.images, trained.labels
    ours, theirs = [], []
    for seed in range(4):
        attacked = Square(queries=200)(model, x, y, pixels(eps), seed=seed)
        ours.append(n_right(model, attacked, y))
        with torch.random.fork_rng():
            oracle = SquareAttack(model, n_queries=200, eps=eps, seed=seed)
            theirs.append(n_right(model, oracle.perturb(x, y), y))
    assert -3 <= sum(theirs) / 4 - sum(ours) / 4 <= 12


@pytest.mark.parametrize("eps", [0.03, 0.05, 0.07])
def test_it_is_weaker_than_white_box(trained, eps):
    model, x, y = trained.model, trained.images, trained.labels
    by_scores = n_right(model, Square(queries=200)(model, x, y, pixels(eps), seed=0), y)
    for white_box in (PGD(), APGD(iterations=30)):
        attacked = white_box(model, x, y, pixels(eps), seed=0)
        assert n_right(model, attacked, y) < by_scores < len(y)


def test_more_queries_break_more(trained):
    model, x, y = trained.model, trained.images, trained.labels
    left = [
        n_right(model, Square(queries=q)(model, x, y, pixels(0.08), seed=0), y)
        for q in (1, 30, 300)
    ]
    assert left[0] > left[1] > left[2]


class Scores(nn.Module):
    """Refuses to be differentiated, and counts the images it is asked about."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def forward(self, images):
        assert not images.requires_grad
        self.asked += len(images)
        score = 9 - images.flatten(1).sum(dim=1)
        return torch.stack([score, torch.zeros_like(score)], dim=1)


def test_it_uses_scores_only_and_asks_no_more_about_broken_images():
    model = Scores()
    images = torch.cat([torch.full((3, 1, 4, 4), 0.9), torch.full((2, 1, 4, 4), 0.1)])
    attacked = Square(queries=20)(model, images, torch.zeros(5, dtype=torch.int64), pixels(0.1), 0)
    assert torch.equal(attacked[:3], images[:3])  # wrong before: left alone
    assert model.asked == 5 + 2 * 21
    assert (model(attacked[3:])[:, 0] < model(images[3:])[:, 0]).all()


def test_a_linear_score_without_sign_changes_is_solved_to_the_corner():
    """Of one direction for all pixels, the squares must end at the corner the gradient names."""
    images = torch.full((2, 1, 6, 6), 0.1)
    attacked = Square(queries=300)(
        Scores(), images, torch.zeros(2, dtype=torch.int64), pixels(0.05), 0
    )
    torch.testing.assert_close(attacked, torch.full_like(images, 0.15))


def test_sides_shrink_as_in_the_paper():
    marks = [0, 0.001, 0.0011, 0.0051, 0.021, 0.051, 0.11, 0.21, 0.41, 0.61, 0.81, 1]
    sides = [side_of(mark, 100, 100) for mark in marks]
    assert sides == [89, 89, 63, 45, 32, 22, 16, 11, 8, 6, 4, 4]
    assert side_of(1.0, 6, 6) == 1
    assert side_of(0.0, 4, 100) == 4


def test_its_loss_is_the_margin():
    assert Square().loss is margin


def test_volumes_are_refused():
    with pytest.raises(ValueError, match="3-D images, expected 2-D"):
        Square()(Scores(), torch.rand(1, 1, 3, 3, 3), torch.tensor([0]), pixels(0.1), seed=0)


def test_no_queries_do_not_construct():
    with pytest.raises(ValueError, match="0 queries"):
        Square(queries=0)
