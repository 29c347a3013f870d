"""Images samples of authentic ones: as many as asked for, and like them."""

import pytest
import torch

from trainables.runtime.seeding import generator
from trainables.studies.gansplit.sources import SIGMA, SOURCES, augment, draw_gaussian, repeat

CPU = torch.device("cpu")


def rng(seed=0):
    return generator(CPU, seed)


def smooth(count):
    """Make images of a bright spot whose place and size vary."""
    centres = torch.rand((count, 2), generator=rng(9)) * 8 + 8
    axis = torch.arange(24.0)
    rows = (axis[None, :, None] - centres[:, 0, None, None]) ** 2
    columns = (axis[None, None, :] - centres[:, 1, None, None]) ** 2
    return (200 * (-(rows + columns) / 20).exp() + 20).round().to(torch.uint8)[:, None]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("count", [7, 25])
def test_as_many_images_as_asked_for_and_the_same_for_a_seed(name, count):
    images = smooth(10)
    first, second, variant = (SOURCES[name](images, count, rng(seed)) for seed in (0, 0, 1))
    assert first.shape == (count, 1, 24, 24)
    assert first.dtype == torch.uint8
    assert torch.equal(first, second)
    assert not torch.equal(first, variant)


@pytest.mark.parametrize("name", SOURCES)
def test_one_image_is_enough(name):
    assert SOURCES[name](smooth(1), 3, rng()).shape == (3, 1, 24, 24)


def test_repeats_are_the_images_each_as_often_as_any_other():
    images = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1)
    counts = torch.bincount(repeat(images, 13, rng()).flatten().long())
    assert sorted(counts.tolist()) == [2, 2, 3, 3, 3]


def test_noise_has_its_deviation():
    images = torch.full((4, 1, 40, 40), 128, dtype=torch.uint8)
    noisy = SOURCES["noise"](images, 4, rng()).float() / 255
    assert noisy.std() == pytest.approx(SIGMA, rel=0.05)


def test_augmented_images_are_moved_and_keep_their_grey():
    images = smooth(40)
    moved, copies = augment(images, 40, rng()).float(), repeat(images, 40, rng()).float()
    assert (moved - copies).abs().mean() > 3
    assert abs(moved.mean() - copies.mean()) < 3


def test_a_gaussian_has_the_mean_and_deviation_of_the_pixels():
    images = smooth(60)
    samples = draw_gaussian(images, 4000, rng()).float()
    flat = images.float()
    assert (samples.mean(dim=0) - flat.mean(dim=0)).abs().mean() < 6
    assert samples.std(dim=0).mean() == pytest.approx(float(flat.std(dim=0).mean()), rel=0.2)
