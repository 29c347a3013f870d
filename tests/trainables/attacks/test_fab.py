import numpy as np
import pytest
import torch
from pyautoattack.fab_pt import FABAttack_PT
from scipy.optimize import linprog
from torch import nn

from trainables.attacks.fab import FAB, to_plane
from trainables.attacks.gradient import PGD
from trainables.attacks.threat import ThreatModel, mr_deviations, pixels

UNBOUNDED = mr_deviations(1e9)


def norms(adversarials, images):
    return (adversarials - images).abs().flatten(1).amax(dim=1)


def wrong(model, images, labels):
    return model(images).argmax(dim=1) != labels


class Affine(nn.Module):
    """Logits (n, K) that are affine in the pixels."""

    def __init__(self, size, classes, scale=1.0):
        super().__init__()
        rng = torch.Generator().manual_seed(classes)
        self.weight = scale * torch.randn((classes, size), generator=rng, dtype=torch.float64)
        self.bias = scale * torch.randn(classes, generator=rng, dtype=torch.float64)

    def forward(self, images):
        return images.flatten(1) @ self.weight.T + self.bias

    def distances(self, images, labels):
        """(z_y - z_j) / ||w_y - w_j||_1 to every class j, (n, K), infinite to the own."""
        gaps = self(images).gather(1, labels[:, None]) - self(images)
        lengths = (self.weight[labels][:, None] - self.weight[None]).abs().sum(dim=2)
        return (gaps / lengths).nan_to_num(nan=torch.inf)


@pytest.mark.parametrize("scale", [1.0, 1e4], ids=["plain", "confident"])
@pytest.mark.parametrize("size", [(24,), (4, 6), (2, 3, 4)], ids=["1-D", "2-D", "3-D"])
def test_of_two_classes_the_closed_form_is_reached(size, scale):
    """|w.x + b| / ||w||_1, to a 250th: the last stretch is halved eight times."""
    model = Affine(24, 2, scale)
    images = torch.randn((30, 1, *size), generator=torch.Generator().manual_seed(0)).double()
    labels = model(images).argmax(dim=1)
    adversarials = FAB(iterations=20)(model, images, labels, UNBOUNDED, seed=0)
    distance = model.distances(images, labels).amin(dim=1)
    assert wrong(model, adversarials, labels).all()
    lengths = norms(adversarials, images)
    assert (lengths >= distance * (1 - 1e-9)).all()
    assert (lengths <= distance * 1.004).all()


@pytest.mark.parametrize("classes", [3, 5, 12])
def test_an_affine_image_is_broken_exactly_where_its_boundary_lies_within_the_radius(classes):
    model = Affine(24, classes)
    images = torch.randn((60, 1, 4, 6), generator=torch.Generator().manual_seed(1)).double()
    labels = model(images).argmax(dim=1)
    distance = model.distances(images, labels).amin(dim=1)
    eps = float(distance.median())
    threat = mr_deviations(eps)
    adversarials = FAB(classes=11, iterations=20)(model, images, labels, threat, seed=0)
    sure = (distance / eps - 1).abs() > 0.004
    assert torch.equal(wrong(model, adversarials, labels)[sure], (distance < eps)[sure])


def test_one_class_alone_is_walked_to_where_one_is_allowed():
    model, rng = Affine(24, 5), torch.Generator().manual_seed(2)
    images = torch.randn((30, 24), generator=rng).double()
    labels = model(images).argmax(dim=1)
    adversarials = FAB(classes=1, iterations=20)(model, images, labels, UNBOUNDED, seed=0)
    runner_up = model(images).topk(2, dim=1).indices[:, 1:]
    distance = model.distances(images, labels).gather(1, runner_up).squeeze(1)
    assert (norms(adversarials, images) <= distance * 1.004).all()
    nearest = model.distances(images, labels).amin(dim=1)
    assert (distance > 1.1 * nearest).any()  # so that more classes find more


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, None), (None, 1.0), (None, None)])
def test_the_step_onto_the_plane_is_the_least_by_linear_programming(low, high):
    """Minimise t subject to normal . d = gap, |d| <= t and the bounds."""
    rng = np.random.default_rng(0)
    points, normal = rng.uniform(size=(20, 7)), rng.normal(size=(20, 7))
    points[:3] = points[:3].round()  # at the bounds
    normal[3:6, :3] = 0
    gap = 0.4 * rng.normal(size=20)
    gap[6] = 0
    threat = ThreatModel(norm="linf", eps=0.1, low=low, high=high, unit="units")
    moves = to_plane(*(torch.from_numpy(a) for a in (points, normal, gap)), threat).numpy()
    for x, w, goal, move in zip(points, normal, gap, moves, strict=True):
        ends = [(None if low is None else low - p, None if high is None else high - p) for p in x]
        within = np.block([[np.eye(7), -np.ones((7, 1))], [-np.eye(7), -np.ones((7, 1))]])
        oracle = linprog([0] * 7 + [1], within, np.zeros(14), [[*w, 0]], [goal], [*ends, (0, None)])
        if oracle.success:
            assert w @ move == pytest.approx(goal, abs=1e-9)
            assert np.abs(move).max() == pytest.approx(oracle.fun, abs=1e-9)
        else:  # out of reach: every pixel that helps goes to its bound
            corner = np.where(w * np.sign(goal) > 0, 1 - x, -x)
            np.testing.assert_allclose(move, np.where(w == 0, 0, corner), atol=1e-12)
        assert threat.admits(torch.from_numpy(np.round(x + move, 9)))


def test_some_planes_are_out_of_reach_and_a_flat_one_moves_nothing():
    images = torch.tensor([[0.5, 1.0], [0.5, 0.5]], dtype=torch.float64)
    normal = torch.tensor([[1.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    move = to_plane(images, normal, torch.tensor([9.0, 1.0], dtype=torch.float64), pixels(0.1))
    assert move.tolist() == [[0.5, 0.0], [0.0, 0.0]]


def test_on_the_boundary_without_a_gradient_nothing_moves():
    """Neither a gap nor a slope: zero divided by zero."""
    images = torch.full((2, 3), 0.5)
    for normal in (torch.zeros(2, 3), torch.tensor([[0.0] * 3, [1.0, 0.0, 0.0]])):
        assert to_plane(images, normal, torch.zeros(2), pixels(0.1)).eq(0).all()


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_a_model_of_equal_logits_is_not_blamed(labels):
    class Equal(nn.Module):
        def forward(self, images):
            return 0 * images.flatten(1)[:, :2]

    images = torch.rand((3, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    adversarials = FAB(iterations=3)(Equal(), images, torch.tensor(labels), pixels(0.1), seed=0)
    assert torch.equal(adversarials, images)


@pytest.mark.parametrize("eps", [0.02, 0.03, 0.04])
def test_it_agrees_with_the_authors_on_ten_classes(ten, eps):
    """One of 60 images more or less."""
    model, x, y = ten.model, ten.images, ten.labels
    with torch.random.fork_rng():
        oracle = FABAttack_PT(model, n_iter=20, eps=eps, targeted=True, seed=0, device="cpu")
        images = oracle.perturb(x, y)
    survivors = ~wrong(model, images, y) | (norms(images, x) > eps)
    candidate = ~wrong(model, FAB(iterations=20)(model, x, y, pixels(eps), seed=0), y)
    assert 3 < candidate.sum() < 57
    assert abs(int(candidate.sum()) - int(survivors.sum())) <= 1


def test_it_comes_as_near_as_the_authors(trained):
    """Untargeted, theirs takes the nearest of the classes; ours, the last stretch halved, wins."""
    model, x, y = trained.model, trained.images, trained.labels
    with torch.random.fork_rng():
        reference = FABAttack_PT(
            model, n_iter=30, eps=1.0, targeted=True, n_target_classes=1, seed=0, device="cpu"
        ).perturb(x, y)
    candidate = FAB(iterations=30, classes=1)(model, x, y, pixels(1.0), seed=0)
    assert wrong(model, candidate, y).all()
    ratio = norms(candidate, x) / norms(reference, x)
    assert ratio.mean() < 1.005
    assert ratio.max() < 1.05


def test_the_radius_does_not_guide_it(trained):
    """What is found within a greater radius is found within the smaller, if it lies there."""
    model, x, y = trained.model.double(), trained.images.double(), trained.labels
    try:
        anywhere = FAB(classes=1, iterations=15)(model, x, y, pixels(1.0), seed=0)
        eps = float(norms(anywhere, x).median()) * 1.001
        near = FAB(classes=1, iterations=15)(model, x, y, pixels(eps), seed=0)
        assert torch.equal(wrong(model, near, y), norms(anywhere, x) <= eps)
        # Where nothing lies within the radius, what is drawn back does no less harm than nothing.
        stands = ~wrong(model, near, y)
        truth = [model(images).softmax(dim=1).gather(1, y[:, None])[stands] for images in (near, x)]
        assert (truth[0] <= truth[1]).float().mean() > 0.9
    finally:
        trained.model.float()


def test_a_gradient_that_vanishes_up_the_loss_does_not_stop_it(trained):
    """Logits of millions: the likelihood saturates, the boundary does not move."""

    class Loud(nn.Module):
        def forward(self, images):
            return 1e6 * trained.model(images)

    x, y = trained.images, trained.labels
    plain, loud = (
        FAB(iterations=10)(m, x, y, pixels(0.05), seed=0) for m in (trained.model, Loud())
    )
    counts = [int(wrong(trained.model, a, y).sum()) for a in (plain, loud)]
    assert abs(counts[0] - counts[1]) <= 1
    assert counts[0] >= int(
        0.9 * wrong(trained.model, PGD()(trained.model, x, y, pixels(0.05), seed=0), y).sum()
    )


def test_misclassified_images_are_left_alone(trained):
    wrong_labels = (trained.labels + 1) % 3
    adversarials = FAB(iterations=3)(
        trained.model, trained.images, wrong_labels, pixels(0.1), seed=0
    )
    assert torch.equal(adversarials, trained.images)


def test_several_labels_and_nothing_to_do_are_errors(trained):
    labels = torch.zeros((90, 3), dtype=torch.int64)
    with pytest.raises(ValueError, match="one answer an image"):
        FAB()(trained.model, trained.images, labels, pixels(0.1), seed=0)
    with pytest.raises(ValueError, match="0 iterations does nothing"):
        FAB(iterations=0)
