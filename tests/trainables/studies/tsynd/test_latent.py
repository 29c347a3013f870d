import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from trainables.models.modes import frozen
from trainables.runtime.seeding import generator
from trainables.studies.tsynd.latent import ascend, uncertainty_of
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES

CPU = torch.device("cpu")
TOP = torch.linspace(0.2, 0.8, 12).reshape(1, 1, 3, 4)  # where the hill below is highest


def hill(images: Tensor) -> Tensor:
    return -(images - TOP).square().sum(dim=(1, 2, 3))


def starts(count: int = 3) -> Tensor:
    return torch.rand(count, 1, 3, 4, generator=generator(CPU, 0))


def same(latents: Tensor) -> Tensor:
    return latents


def path_of_torch(start: Tensor, lr: float, iterations: int, height: float = 1.0) -> list[Tensor]:
    """All iterates of torch's own Adam, each image optimised by itself."""
    paths = []
    for image in start.split(1):
        moving = image.clone().requires_grad_()
        adam = torch.optim.Adam([moving], lr=lr, maximize=True)
        path = [image.clone()]
        for _ in range(iterations):
            adam.zero_grad()
            (height * hill(moving)).sum().backward()
            adam.step()
            path.append(moving.detach().clone())
        paths.append(torch.stack(path))
    return list(torch.cat(paths, dim=1))


def watched(iterates: list[Tensor]):
    """An identity decoder that writes down what it decodes."""

    def decode(latents: Tensor) -> Tensor:
        iterates.append(latents.detach().clone())
        return latents

    return decode


@pytest.mark.parametrize("lr", [0.003, 0.1, 1.0])
def test_every_iterate_is_that_of_torchs_adam(lr):
    iterates: list[Tensor] = []
    ascend(watched(iterates), hill, starts(), lr=lr, iterations=30)
    expected = path_of_torch(starts(), lr, iterations=30)
    assert len(iterates) == 31
    torch.testing.assert_close(torch.stack(iterates), torch.stack(expected), atol=1e-5, rtol=1e-5)


def test_the_summit_is_found():
    best = ascend(same, hill, starts(), lr=0.05, iterations=300)
    assert float(best.values.max()) <= 0
    assert float(best.values.min()) > -1e-3
    torch.testing.assert_close(best.images, TOP.expand(3, 1, 3, 4), atol=0.02, rtol=0)


def test_the_best_iterate_is_kept_image_by_image():
    """Steps of 0.3 overshoot: the best of each path lies somewhere on the way."""
    path = torch.stack(path_of_torch(starts(), 0.3, iterations=12))
    heights = torch.stack([hill(images) for images in path])  # (iterates, images)
    assert len(heights.argmax(dim=0).unique()) > 1
    best = ascend(same, hill, starts(), lr=0.3, iterations=12)
    torch.testing.assert_close(best.values, heights.amax(dim=0), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(hill(best.images), best.values)


def test_nothing_is_worse_than_the_start():
    """From the summit itself every way leads down."""
    start = TOP.expand(2, 1, 3, 4) + 1e-4
    best = ascend(same, hill, start, lr=1.0, iterations=5)
    assert torch.equal(best.images, start)


@pytest.mark.parametrize("lr", [0.03, 0.5, 3.0])
def test_more_iterations_never_reach_less(lr):
    reached = [ascend(same, hill, starts(), lr, iterations).values for iterations in range(9)]
    for less, more in pairwise(reached):
        assert bool((more >= less).all())
    assert bool((reached[-1] > reached[0]).any())


def test_no_iterations_decode_the_start():
    best = ascend(lambda latents: latents / 2, hill, starts(), lr=0.1, iterations=0)
    assert torch.equal(best.images, starts() / 2)
    assert torch.equal(best.values, hill(starts() / 2))
    with pytest.raises(ValueError, match="iterations is -1"):
        ascend(same, hill, starts(), lr=0.1, iterations=-1)


def test_a_path_does_not_depend_on_how_many_share_the_batch():
    """Gradients of about 1e-8, Adam's own scale: a mean over the batch would shorten the steps."""
    height = 1e-8
    iterates: list[Tensor] = []
    ascend(watched(iterates), lambda x: height * hill(x), starts(8), lr=0.1, iterations=5)
    expected = path_of_torch(starts(8), 0.1, iterations=5, height=height)
    torch.testing.assert_close(torch.stack(iterates), torch.stack(expected), atol=1e-5, rtol=1e-4)


def shift(images: Tensor, start: Tensor) -> Tensor:
    return (images - start).square().mean(dim=(1, 2, 3)).sqrt()


def test_images_stay_within_the_greatest_shift():
    """Against torch's path: the best of the iterates that are near enough."""
    path = path_of_torch(starts(), 0.05, iterations=12)
    heights = torch.stack([hill(images) for images in path])
    near = torch.stack([shift(images, starts()) <= 0.12 for images in path])
    expected = torch.where(near, heights, -torch.inf).amax(dim=0)
    free = ascend(same, hill, starts(), lr=0.05, iterations=12)
    bound = ascend(same, hill, starts(), lr=0.05, iterations=12, max_shift=0.12)
    assert bool((shift(free.images, starts()) > 0.12).all())
    assert bool((shift(bound.images, starts()) <= 0.12).all())
    assert bool((bound.values > hill(starts())).all())
    torch.testing.assert_close(bound.values, expected, atol=1e-5, rtol=1e-5)


def test_no_room_leaves_the_start():
    best = ascend(same, hill, starts(), lr=0.1, iterations=5, max_shift=1e-6)
    assert torch.equal(best.images, starts())


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_an_image_whose_objective_is_lost_keeps_its_start_and_harms_no_other(bad):
    def broken(images: Tensor) -> Tensor:
        moved = bool((images != starts()).any())
        return hill(images) * torch.tensor([1.0, -bad if moved else 1.0, 1.0])

    best = ascend(same, broken, starts(), lr=0.05, iterations=8)
    expected = ascend(same, hill, starts(), lr=0.05, iterations=8)
    assert torch.equal(best.images[1], starts()[1])
    assert torch.equal(best.images[[0, 2]], expected.images[[0, 2]])


@pytest.fixture(scope="module")
def codes(prepared):
    return prepared.trial().learner.codes.latents


def climb(trained, autoencoder, codes, *, measure="mi", iterations=6, bf16=False):
    masks = trained.draw_masks(10, generator(CPU, 1))
    with frozen(trained), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        objective = uncertainty_of(trained, UNCERTAINTIES[measure], masks, multi_label=False)
        return ascend(autoencoder.model.decode, objective, codes, 0.1, iterations), objective


def test_the_objective_is_the_uncertainty_under_the_masks(trained, autoencoder, codes):
    """Against a loop over masks that are applied to the features one by one."""
    masks = trained.draw_masks(10, generator(CPU, 1))
    best, _ = climb(trained, autoencoder, codes[:4], iterations=0)
    with frozen(trained):
        features = trained.features(best.images)
        logits = torch.stack([trained.head(features * mask) for mask in masks], dim=1)
    torch.testing.assert_close(best.values, UNCERTAINTIES["mi"](logits, False))


@pytest.mark.parametrize("measure", UNCERTAINTIES)
def test_a_real_classifiers_uncertainty_rises(trained, autoencoder, codes, measure):
    began, _ = climb(trained, autoencoder, codes[:8], measure=measure, iterations=0)
    best, _ = climb(trained, autoencoder, codes[:8], measure=measure, iterations=10)
    assert bool((best.values >= began.values).all())
    assert float(best.values.mean()) > 1.3 * float(began.values.mean())
    assert 0 <= float(best.images.min()) <= float(best.images.max()) <= 1


def test_an_image_does_not_depend_on_its_neighbours(trained, autoencoder, codes):
    first, _ = climb(trained, autoencoder, codes[[0, 1, 2, 3]])
    second, _ = climb(trained, autoencoder, codes[[0, 9, 8, 7]])
    assert torch.equal(first.images[0], second.images[0])
    assert torch.equal(first.values[0], second.values[0])


def test_bf16_reaches_what_fp32_reaches(trained, autoencoder, codes):
    """Measured in fp32, images made in bf16 reach the mean uncertainty within a twentieth."""
    single, objective = climb(trained, autoencoder, codes[:12])
    half, _ = climb(trained, autoencoder, codes[:12], bf16=True)
    with frozen(trained), torch.no_grad():
        again = objective(half.images)
    assert half.images.dtype == torch.float32
    assert not torch.equal(half.images, single.images)
    assert float(again.mean()) == pytest.approx(float(single.values.mean()), rel=0.05)
    torch.testing.assert_close(half.values, again, atol=0.005, rtol=0.05)
