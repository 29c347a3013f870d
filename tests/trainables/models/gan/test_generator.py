"""Sizes and channels, what the class does, and one network for each class."""

import pytest
import torch

from trainables.models.gan.generator import Generator, PerClass, doublings


@pytest.mark.parametrize(("size", "count"), [(28, 2), (64, 3), (128, 4), (14, 1)])
def test_sides_are_doubled_from_seven_or_eight(size, count):
    assert doublings(size) == count


def test_a_size_that_cannot_be_halved_is_refused():
    with pytest.raises(ValueError, match="30 pixels cannot be halved 2 times"):
        doublings(30)


@pytest.mark.parametrize("size", [28, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("attention", [False, True])
def test_images_are_of_the_size_and_in_range(size, channels, attention):
    generator = Generator(channels, size, 3, width=4, dim=5, attention=attention)
    images = generator(torch.randn(6, 5), torch.tensor([0, 1, 2, 0, 1, 2]))
    assert images.shape == (6, channels, size, size)
    assert 0 <= images.min() < images.max() <= 1


def test_the_class_matters_only_where_there_are_several():
    noise = torch.randn(4, 5)
    for n_classes, differs in ((2, True), (1, False)):
        generator = Generator(1, 28, n_classes, width=4, dim=5).eval()
        images = [generator(noise, torch.full((4,), label)) for label in (0, n_classes - 1)]
        assert (not torch.equal(*images)) == differs


def test_each_class_is_drawn_by_its_own_network():
    parts = [Generator(1, 28, 1, width=4, dim=5).eval() for _ in range(2)]
    noise, labels = torch.randn(5, 5), torch.tensor([1, 0, 1, 1, 0])
    images = PerClass(parts)(noise, labels)
    zeros = torch.zeros(5, dtype=torch.int64)
    for label, part in enumerate(parts):
        rows = labels == label
        assert torch.allclose(images[rows], part(noise, zeros)[rows], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_before_training_maps_vary_with_the_noise_and_not_with_the_class(seed):
    """A class of a long vector made noise a lesser matter, and a GAN drew one image of it."""
    torch.manual_seed(seed)
    generator, maps = Generator(1, 28, 2, width=16), []
    generator.start.register_forward_hook(lambda _layer, _inputs, output: maps.append(output))
    labels = torch.arange(512) % 2
    generator(torch.randn(512, 64), labels)
    within = sum(maps[0][labels == label].var(dim=0).mean() for label in (0, 1)) / 2
    assert within > 0.95 * maps[0].var(dim=0).mean()
