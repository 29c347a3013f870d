"""Differentiable augmentation of what a discriminator sees, real and generated alike [diffaugment].

A discriminator of a few hundred images learns them by heart. Where it sees none of them twice, it
has to learn what they have in common. What it sees is differentiated, so that the generator learns
to make images, and not augmented ones.
"""

import torch
from torch import Tensor
from torch.nn import functional

BRIGHTNESS = 0.2  # greatest change, of the range of pixels
CONTRAST = 0.5  # greatest change of a factor of 1
SHIFT = 8  # an image moves by at most this part of its side
CUT = 2  # the blank square is this part of the side


def diff_augment(images: Tensor, rng: torch.Generator) -> Tensor:
    """Change brightness and contrast, shift, and blank a square, each image by numbers of its own.

    Args:
        images: (N, C, H, W) in [0, 1].
        rng: Draws, on the device of the images.

    Returns:
        The same shape, not clipped to [0, 1], which would stop gradients.
    """
    images = images + BRIGHTNESS * _uniform(images, rng)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * (1 + CONTRAST * _uniform(images, rng))
    return _blank(_shift(images, rng), rng)


def _uniform(images: Tensor, rng: torch.Generator) -> Tensor:
    """Draw one number from -1 to 1 for each image, (N, 1, 1, 1)."""
    shape = (len(images), 1, 1, 1)
    return 2 * torch.rand(shape, generator=rng, device=images.device) - 1


def _shift(images: Tensor, rng: torch.Generator) -> Tensor:
    """Move each image by whole pixels; zeros enter."""
    count, _, height, width = images.shape
    reach = height // SHIFT, width // SHIFT
    padded = functional.pad(images, (reach[1], reach[1], reach[0], reach[0]))
    rows, columns = (
        torch.randint(2 * extent + 1, (count, 1), generator=rng, device=images.device)
        + torch.arange(side, device=images.device)
        for extent, side in zip(reach, (height, width), strict=True)
    )
    numbers = torch.arange(count, device=images.device)[:, None, None]
    windows = padded.movedim(1, -1)[numbers, rows[:, :, None], columns[:, None, :]]
    return windows.movedim(-1, 1)


def _blank(images: Tensor, rng: torch.Generator) -> Tensor:
    """Set a square of each image to 0; it may reach beyond the border."""
    inside = []
    for side in images.shape[2:]:
        centre = torch.randint(side + 1, (len(images), 1), generator=rng, device=images.device)
        distance = torch.arange(side, device=images.device) - centre
        inside.append((-(side // CUT) // 2 <= distance) & (distance < side // CUT // 2))
    square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images.masked_fill(square, 0.0)
