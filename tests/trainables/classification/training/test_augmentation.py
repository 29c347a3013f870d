"""Augmentations keep shape, range and what they should; equal seeds give equal images."""

import pytest
import torch

from trainables.classification.training.augmentation import (
    AUGMENTATIONS,
    DEGREES,
    VOXELS,
    affine,
    flip,
)

SHAPES = [(64, 1, 9, 12), (16, 2, 7, 8, 9)]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_range_and_seed(name, shape):
    images, augment = torch.rand(shape, generator=rng(1)), AUGMENTATIONS[name]
    result = augment(images, rng())
    assert result.shape == images.shape
    assert result.min() >= 0
    assert result.max() <= 1
    assert torch.equal(result, augment(images, rng()))
    assert torch.equal(result, images) == (name == "none")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_flip_moves_values_and_changes_none(shape):
    images = torch.rand(shape, generator=rng(1))
    flipped = flip(images, rng())
    assert torch.equal(flipped.flatten(1).sort().values, images.flatten(1).sort().values)
    changed = (flipped != images).flatten(1).any(dim=1).float().mean()
    assert 0.5 < changed <= 1


def test_a_rotation_keeps_the_centre_and_moves_the_rim_by_its_angle():
    size = 41
    images = torch.zeros(200, 1, size, size)
    images[:, :, 20, 20] = 1  # the centre
    images[:, :, 20, 38:41] = 1  # the rim, 19 pixels to the right
    images[:, :, 20, 0:3] = 1  # and the left one, so that flips change nothing
    rotated = affine(images, rng())
    assert rotated[:, 0, 20, 20].min() > 0.9
    right = rotated[:, 0, :, 36:]
    heights = (right.amax(dim=2) > 0.1).float().argmax(dim=1) - 20
    greatest = 19 * torch.tensor(DEGREES).deg2rad().sin()
    assert heights.abs().max() <= greatest + 2
    assert heights.abs().max() >= greatest - 2


def test_a_volume_is_shifted_by_whole_voxels():
    images = torch.zeros(60, 1, 9, 9, 9)
    images[:, :, 4, 4, 4] = 1
    peaks = torch.nonzero(affine(images, rng()))[:, 2:] - 4
    assert len(peaks) == 60
    assert peaks.abs().max() == VOXELS
    assert set(peaks.flatten().tolist()) == set(range(-VOXELS, VOXELS + 1))
