import pytest
import torch
from pyautoattack.square import SquareAttack
from torch import nn

from trainables.attacks.apgd import APGD
from trainables.attacks.gradient import PGD
from trainables.attacks.square import Square, side_of
from trainables.attacks.threat import pixels
from trainables.losses.likelihood import margin


def n_right(model, images, labels):
    return int((model(images).argmax(dim=1) == labels).sum())


@pytest.mark.parametrize("eps", [0.05, 0.07])
def test_it_agrees_with_the_authors(trained, eps):
    """On average over seeds 12 of 90 images apart, and mostly in our favour.

    The authors' squares never reach the last row and column, which counts at 12 pixels.
    """
    model, x, y = trained.model, trained.images, trained.labels
    candidate_counts, reference_counts = [], []
    for seed in range(4):
        adversarials = Square(queries=200)(model, x, y, pixels(eps), seed=seed)
        candidate_counts.append(n_right(model, adversarials, y))
        with torch.random.fork_rng():
            oracle = SquareAttack(model, n_queries=200, eps=eps, seed=seed)
            reference_counts.append(n_right(model, oracle.perturb(x, y), y))
    assert -3 <= sum(reference_counts) / 4 - sum(candidate_counts) / 4 <= 12


@pytest.mark.parametrize("eps", [0.03, 0.05, 0.07])
def test_it_is_weaker_than_white_box(trained, eps):
    model, x, y = trained.model, trained.images, trained.labels
    by_scores = n_right(model, Square(queries=200)(model, x, y, pixels(eps), seed=0), y)
    for white_box in (PGD(), APGD(iterations=30)):
        adversarials = white_box(model, x, y, pixels(eps), seed=0)
        assert n_right(model, adversarials, y) < by_scores < len(y)


def test_more_queries_break_more(trained):
    model, x, y = trained.model, trained.images, trained.labels
    survivors = [
        n_right(model, Square(queries=q)(model, x, y, pixels(0.08), seed=0), y)
        for q in (1, 30, 300)
    ]
    assert survivors[0] > survivors[1] > survivors[2]


class Scores(nn.Module):
    """Refuses to be differentiated, and counts the images it is asked about."""

    def __init__(self, bias=9):
        super().__init__()
        self.count, self.bias = 0, bias

    def forward(self, images):
        assert not images.requires_grad
        self.count += len(images)
        score = self.bias - images.flatten(1).sum(dim=1)
        return torch.stack([score, torch.zeros_like(score)], dim=1)


def test_it_uses_scores_only_and_asks_no_more_about_broken_images():
    model = Scores()
    images = torch.cat([torch.full((3, 1, 4, 4), 0.9), torch.full((2, 1, 4, 4), 0.1)])
    adversarials = Square(queries=20)(
        model, images, torch.zeros(5, dtype=torch.int64), pixels(0.1), 0
    )
    assert torch.equal(adversarials[:3], images[:3])  # wrong before: left alone
    assert model.count == 5 + 2 * 21
    assert (model(adversarials[3:])[:, 0] < model(images[3:])[:, 0]).all()


@pytest.mark.parametrize("size", [(6, 6), (3, 4, 3), (9,)], ids=["2-D", "3-D", "1-D"])
def test_a_linear_score_without_sign_changes_is_solved_to_the_corner(size):
    """Of one direction for all pixels, the squares must end at the corner the gradient names."""
    images = torch.full((2, 1, *size), 0.1)
    model = Scores(bias=20)
    adversarials = Square(queries=400)(
        model, images, torch.zeros(2, dtype=torch.int64), pixels(0.05), 0
    )
    torch.testing.assert_close(adversarials, torch.full_like(images, 0.15))


class Recorded(nn.Module):
    """Right whatever it is shown, and keeps it."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, images):
        self.batches.append(images.clone())
        return torch.tensor([[1.0, 0.0]]).repeat(len(images), 1)


def test_on_volumes_the_proposals_are_cubes():
    """Each proposal is refused here, so that it differs from the stripes in one cube."""
    images, model = torch.full((1, 2, 8, 9, 10), 0.5, dtype=torch.float64), Recorded()
    Square(queries=30)(model, images, torch.tensor([0]), pixels(0.1), seed=0)
    _, stripes, *proposals = (batch[0] for batch in model.batches)
    assert torch.equal(stripes, stripes[:, :1].expand_as(stripes))  # along the first dimension
    assert 0.3 < (stripes > 0.5).double().mean() < 0.7
    assert len(proposals) == 30
    count = 0
    for query, proposal in enumerate(proposals):
        side = side_of(query / 30, (8, 9, 10))
        change = proposal - 0.5
        of_one_sign = (change == change.amax()) | (change == change.amin())
        assert of_one_sign.all()
        positions = torch.nonzero((proposal != stripes).any(dim=0))
        if len(positions) == 0:  # of the same sign as the stripes there
            continue
        count += 1
        extent = positions.amax(dim=0) - positions.amin(dim=0) + 1
        assert extent.max() <= side
        corner = positions.amin(dim=0)
        inside = change[
            (slice(None), *(slice(c, c + e) for c, e in zip(corner, extent, strict=True)))
        ]
        assert all(len(channel.unique()) == 1 for channel in inside)  # one sign each channel
    assert count > 20


def test_sides_shrink_as_in_the_paper():
    marks = [0, 0.001, 0.0011, 0.0051, 0.021, 0.051, 0.11, 0.21, 0.41, 0.61, 0.81, 1]
    sides = [side_of(mark, (100, 100)) for mark in marks]
    assert sides == [89, 89, 63, 45, 32, 22, 16, 11, 8, 6, 4, 4]
    assert side_of(1.0, (6, 6)) == 1
    assert side_of(0.0, (4, 100)) == 4


def test_cubes_hold_the_same_share_of_a_volume():
    assert [side_of(mark, (28, 28, 28)) for mark in (0, 0.0011, 0.0051, 1)] == [26, 21, 16, 3]
    assert side_of(0.0, (4, 28, 28)) == 4


def test_its_loss_is_the_margin():
    assert Square().loss is margin


def test_no_queries_do_not_construct():
    with pytest.raises(ValueError, match="0 queries"):
        Square(queries=0)
