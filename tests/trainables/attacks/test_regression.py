"""Attacks on networks that predict an image: against formulas, and against every corner of a ball.

The squared error of a linear network is convex, so its greatest value in a ball is at a corner.
"""

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import nn

from trainables.attacks.apgd import APGD
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.registry import SYNTHESIS_ATTACKS, build_synthesis_attack
from trainables.attacks.square import Square
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error

NAMES = sorted(SYNTHESIS_ATTACKS)
EPS = 0.3


def convolution(kernel, seed=0):
    rng = torch.Generator().manual_seed(seed)
    model = nn.Conv2d(1, 1, kernel, padding=kernel // 2).double()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=rng, dtype=torch.float64)
    return model


def network(seed=0):
    """A small network as they are trained: with batch normalisation and a ReLU."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 1)
        ).double()


def slices(count=6, size=4, seed=1):
    """Z-scored MR, far from [0, 1] in places, and targets as large as normalised HU are."""
    rng = torch.Generator().manual_seed(seed)
    mr = 1.5 * torch.randn((count, 1, size, size), generator=rng, dtype=torch.float64)
    return mr, torch.rand((count, 1, size, size), generator=rng, dtype=torch.float64) - 0.5


def error(model, mr, ct):
    with torch.no_grad():
        return squared_error(model.eval()(mr), ct)


def short(name, **changes):
    """Shorten an attack, where its length is not the question."""
    lengths = {
        "pgd": {"steps": 4},
        "pgd-clean": {"steps": 4},
        "apgd": {"iterations": 8},
        "square": {"queries": 20},
    }
    return replace(build_synthesis_attack(name), **{**lengths.get(name, {}), **changes})


def greatest_pointwise(model, mr, ct, eps):
    """Of a 1 x 1 convolution each pixel counts by itself: (|residual| + eps |w|) squared."""
    residual = model(mr).detach() - ct
    return (residual.abs() + eps * model.weight.detach().abs()).square().mean(dim=(1, 2, 3))


def greatest_of_corners(model, mr, ct, eps):
    corners = torch.tensor(list(product([-eps, eps], repeat=mr[0].numel())), dtype=mr.dtype)
    return torch.stack(
        [
            error(model, x + corners.view(-1, *x.shape), y.expand(len(corners), *x.shape)).max()
            for x, y in zip(mr, ct, strict=True)
        ]
    )


@pytest.mark.parametrize("eps", [0.05, EPS, 3.0])
@pytest.mark.parametrize(
    "attack",
    [FGSM(loss=squared_error), PGD(loss=squared_error, random_start=False)],
    ids=["fgsm", "pgd"],
)
def test_the_gradient_s_sign_is_exact_where_pixels_count_by_themselves(attack, eps):
    model, (mr, ct) = convolution(1), slices()
    adversarials = attack(model, mr, ct, mr_deviations(eps), seed=0)
    oracle = greatest_pointwise(model, mr, ct, eps)
    torch.testing.assert_close(error(model, adversarials, ct), oracle)
    torch.testing.assert_close((adversarials - mr).abs(), torch.full_like(mr, eps))  # a corner
    assert (oracle > error(model, mr, ct)).all()


def test_square_finds_the_corner_without_a_gradient():
    model, (mr, ct) = convolution(1), slices()
    adversarials = build_synthesis_attack("square")(model, mr, ct, mr_deviations(EPS), seed=0)
    oracle = greatest_pointwise(model, mr, ct, EPS)
    torch.testing.assert_close(error(model, adversarials, ct), oracle)


@pytest.mark.parametrize(
    "attack",
    [
        PGD(loss=squared_error, restarts=20),
        APGD(loss=squared_error, iterations=20, restarts=20),
        Square(loss=squared_error, queries=400),
    ],
    ids=["pgd", "apgd", "square"],
)
def test_the_worst_of_all_corners_is_found_where_pixels_interact(attack):
    model, (mr, ct) = convolution(3), slices(count=5, size=3)
    oracle = greatest_of_corners(model, mr, ct, EPS)
    errors = error(model, attack(model, mr, ct, mr_deviations(EPS), seed=0), ct)
    assert (errors <= oracle * (1 + 1e-9)).all()
    assert (errors > 0.97 * oracle).all()
    assert (errors > oracle * (1 - 1e-9)).sum() >= 3


def test_near_a_perfect_fit_fgsm_finds_less():
    """A residual of a hundredth of the ball's effect decides all signs of FGSM's gradient."""
    threat, shares = mr_deviations(EPS), {"fgsm": [], "pgd": []}
    for seed in range(4):
        model, (mr, _) = convolution(3, seed), slices(count=12, size=3)
        wrong = 0.01 * EPS * torch.randn(mr.shape, generator=torch.Generator().manual_seed(2))
        ct = model(mr).detach() + wrong
        oracle = greatest_of_corners(model, mr, ct, EPS)
        for name, values in shares.items():
            adversarials = build_synthesis_attack(name)(model, mr, ct, threat, seed=0)
            values.append(error(model, adversarials, ct) / oracle)
    fgsm, pgd = (torch.cat(values) for values in shares.values())
    assert fgsm.max() <= 1 + 1e-9
    assert pgd.max() <= 1 + 1e-9
    assert fgsm.mean() + 0.05 < pgd.mean()


def test_at_a_perfect_fit_fgsm_is_blind_and_the_others_are_not():
    """Where the error is 0, so is its gradient: a random start is why PGD ranks, and not FGSM."""
    model, (mr, _) = convolution(3), slices()
    ct, threat = model(mr).detach(), mr_deviations(EPS)
    assert torch.equal(build_synthesis_attack("fgsm")(model, mr, ct, threat, seed=0), mr)
    blind = PGD(loss=squared_error, random_start=False)
    assert torch.equal(blind(model, mr, ct, threat, seed=0), mr)
    for name in ("pgd", "apgd", "square"):
        adversarials = build_synthesis_attack(name)(model, mr, ct, threat, seed=0)
        random = mr + EPS * (2 * torch.rand(mr.shape, dtype=mr.dtype) - 1)
        assert (error(model, adversarials, ct) > error(model, random, ct)).all()


@pytest.mark.parametrize("eps", [0.01, EPS, 2.0])
@pytest.mark.parametrize("name", NAMES)
def test_the_ball_is_kept_and_nothing_is_clipped(name, eps):
    model, (mr, ct) = network(), slices(size=8)
    assert mr.min() < -1.5
    assert mr.max() > 1.5
    adversarials = build_synthesis_attack(name)(model, mr, ct, mr_deviations(eps), seed=0)
    assert adversarials.shape == mr.shape
    assert adversarials.dtype == mr.dtype
    assert (adversarials - mr).abs().max() == pytest.approx(eps)
    mask = (adversarials - mr).abs() > 0.5 * eps
    assert mask[mr < -1.5].any()
    assert mask[mr > 1.5].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_error_is_driven_up(name):
    model, (mr, ct) = network(), slices(count=12, size=8)
    adversarials = build_synthesis_attack(name)(model, mr, ct, mr_deviations(EPS), seed=0)
    clean_error, attack_error = error(model, mr, ct), error(model, adversarials, ct)
    assert (attack_error > clean_error).all()
    noise = EPS * torch.randn(mr.shape, generator=torch.Generator().manual_seed(0)).sign()
    assert attack_error.mean() > error(model, mr + noise, ct).mean()


class Peak(nn.Module):
    """Predicts most at one image, and less wherever one goes from there."""

    def __init__(self, summit):
        super().__init__()
        self.register_buffer("summit", summit)

    def forward(self, images):
        return 1 - (images - self.summit).square()


@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_the_clean_image_is_kept_where_it_is_the_worst(name):
    """Else an attack would help the network, and its curve would fall below the clean error."""
    mr, _ = slices()
    adversarials = short(name)(Peak(mr), mr, torch.zeros_like(mr), mr_deviations(EPS), seed=3)
    assert torch.equal(adversarials, mr)


@pytest.mark.parametrize("name", NAMES)
def test_batches_do_not_matter_and_seeds_do_where_something_is_drawn(name):
    model, (mr, ct) = network(), slices(count=7, size=6)
    threat, attack = mr_deviations(EPS), short(name)
    result = attack(model, mr, ct, threat, seed=5)
    assert torch.equal(result, attack(model, mr, ct, threat, seed=5))
    batched = short(name, batch_size=2)(model, mr, ct, threat, seed=5)
    torch.testing.assert_close(batched, result, rtol=0, atol=1e-9)
    variant = attack(model, mr, ct, threat, seed=6)
    assert torch.equal(variant, result) == (name in {"fgsm", "pgd-clean"})


@pytest.mark.parametrize("name", NAMES)
def test_a_subject_alone_is_attacked_as_among_others(name):
    model, (mr, ct) = network(), slices(count=7, size=6)
    threat, rows = mr_deviations(EPS), torch.tensor([2, 5])
    attack = short(name)
    result = attack(model, mr, ct, threat, seed=5)
    part = attack(model, mr[rows], ct[rows], threat, seed=5, positions=rows)
    torch.testing.assert_close(part, result[rows], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_left_as_it_was(name):
    model, (mr, ct) = network().train(), slices()
    state = {key: value.clone() for key, value in model.state_dict().items()}
    short(name)(model, mr, ct, mr_deviations(EPS), seed=0)
    assert model.training
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_a_target_of_another_shape_is_an_error(name):
    mr, ct = slices()
    with pytest.raises(ValueError, match="its target"):
        short(name)(network(), mr, ct.squeeze(1), mr_deviations(EPS), seed=0)


def test_square_never_returns_what_harms_less_than_the_clean_image():
    """Its stripes are taken unasked, and at a clean image that is the worst nothing is worse."""

    class Bowl(nn.Module):
        """The error is greatest at images of 0."""

        def forward(self, images):
            return 1 - images.abs()

    images = torch.zeros(3, 1, 6, 6)
    adversarials = build_synthesis_attack("square")(
        Bowl(), images, torch.zeros(3, 1, 6, 6), mr_deviations(0.2), 0
    )
    assert torch.equal(adversarials, images)
