"""What a discriminator sees: other images each time, and gradients back to the generator."""

import torch

from trainables.generative import diff_augment as module
from trainables.generative.diff_augment import diff_augment
from trainables.runtime.seeding import generator

CPU = torch.device("cpu")


def rng(seed=0):
    return generator(CPU, seed)


def test_the_same_generator_gives_the_same_images_and_another_others():
    images = torch.rand(4, 3, 28, 28)
    first, second, third = (diff_augment(images, rng(seed)) for seed in (0, 0, 1))
    assert first.shape == images.shape
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_each_image_is_changed_by_numbers_of_its_own():
    images = torch.rand(1, 1, 28, 28).expand(6, 1, 28, 28)
    changed = diff_augment(images, rng())
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 6


def test_gradients_reach_every_pixel_that_is_seen():
    images = torch.rand(2, 1, 28, 28, requires_grad=True)
    augmented = diff_augment(images, rng())
    augmented.sum().backward()
    assert (images.grad != 0).float().mean() > 0.5


def test_a_shift_moves_by_at_most_an_eighth():
    images = torch.zeros(64, 1, 16, 16)
    images[:, :, 8, 8] = 1
    moved = module._shift(images, rng())
    rows, columns = (torch.nonzero(moved)[:, axis] - 8 for axis in (2, 3))
    assert len(rows) == 64
    for offsets in (rows, columns):
        assert offsets.abs().max() == 2


def test_the_blank_square_is_a_quarter_of_the_image_at_most():
    blank = module._blank(torch.ones(64, 1, 28, 28), rng()) == 0
    counts = blank.sum(dim=(1, 2, 3))
    assert counts.max() == 14 * 14
    assert counts.min() >= 7 * 7  # its centre lies in the image
