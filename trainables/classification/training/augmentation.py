"""Flips, rotations and shifts of training images and volumes."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

DEGREES = 15.0  # greatest rotation of images
VOXELS = 2  # greatest shift of volumes, along each axis

Augment = Callable[[Tensor, torch.Generator], Tensor]
"""(images (N, C, H, W) or volumes (N, C, D, H, W) in [0, 1], generator on the device) -> the same
shape in [0, 1]."""


def unchanged(images: Tensor, rng: torch.Generator) -> Tensor:
    """Return the images as they are."""
    del rng
    return images


def flip(images: Tensor, rng: torch.Generator) -> Tensor:
    """Mirror each image along each of its axes with probability one half.

    Left and right change: this keeps no label of a chest radiograph's side.
    """
    for axis in range(2, images.ndim):
        mirrored = torch.rand(len(images), generator=rng, device=images.device) < 0.5
        shape = (-1, *[1] * (images.ndim - 1))
        images = torch.where(mirrored.view(shape), images.flip(axis), images)
    return images


def affine(images: Tensor, rng: torch.Generator) -> Tensor:
    """Flip, and rotate images by at most `DEGREES`, or shift volumes by at most `VOXELS`."""
    images = flip(images, rng)
    return _rotate(images, rng) if images.ndim == 4 else _shift(images, rng)


AUGMENTATIONS: Mapping[str, Augment] = {"none": unchanged, "flips": flip, "affine": affine}


def _rotate(images: Tensor, rng: torch.Generator) -> Tensor:
    uniform = torch.rand(len(images), generator=rng, device=images.device)
    angle = (2 * uniform - 1) * math.radians(DEGREES)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    aspect = images.shape[2] / images.shape[3]  # the grid is square whatever the image is
    rows = [torch.stack([cos, -sin * aspect, zero], 1), torch.stack([sin / aspect, cos, zero], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _shift(images: Tensor, rng: torch.Generator) -> Tensor:
    """Shift each volume; voxels that enter repeat its border."""
    axes = images.ndim - 2
    padded = functional.pad(images, [VOXELS] * (2 * axes), mode="replicate")
    offsets = torch.randint(
        2 * VOXELS + 1, (len(images), axes), generator=rng, device=images.device
    ).tolist()
    crops = []
    for volume, starts in zip(padded, offsets, strict=True):
        windows = [
            slice(start, start + length)
            for start, length in zip(starts, images.shape[2:], strict=True)
        ]
        crops.append(volume[(slice(None), *windows)])
    return torch.stack(crops)
