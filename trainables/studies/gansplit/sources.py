"""Images that are made of authentic ones without a generator: what a generator is compared with.

Each returns ``count`` uint8 images (count, C, H, W) of one class.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from trainables.studies.gansplit.settings import AUGMENTED, NOISE, PIXELS, REPEATS

Source = Callable[[Tensor, int, torch.Generator], Tensor]

SIGMA = 0.05  # of noise, of the range of pixels
DEGREES, SHIFT = 15.0, 1 / 14  # greatest rotation, and shift as a part of the side
COMPONENTS = 20  # principal components of a class


def repeat(images: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Repeat images: each as often as any other, up to once.

    Args:
        images: Authentic ones of a class, (n, C, H, W) uint8.
        count: How many are made.
        rng: On the CPU.
    """
    rounds = -(-count // len(images))
    rows = torch.cat([torch.randperm(len(images), generator=rng) for _ in range(rounds)])
    return images[rows[:count].to(images.device)]


def add_noise(images: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Repeat images with Gaussian noise of deviation `SIGMA`.

    Args:
        images: Authentic ones of a class, (n, C, H, W) uint8.
        count: How many are made.
        rng: On the CPU.
    """
    copies = repeat(images, count, rng).float() / 255
    noise = torch.randn(copies.shape, generator=rng).to(copies)
    return _to_bytes(copies + SIGMA * noise)


def augment(images: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Repeat images mirrored in half of the cases, rotated and shifted; the border is repeated.

    Args:
        images: Authentic ones of a class, (n, C, H, W) uint8.
        count: How many are made.
        rng: On the CPU.
    """
    copies = repeat(images, count, rng).float() / 255
    uniform = 2 * torch.rand((4, count), generator=rng).to(copies) - 1
    angle, mirrored = uniform[0] * math.radians(DEGREES), uniform[1].sign()
    cos, sin, (x, y) = angle.cos(), angle.sin(), 2 * SHIFT * uniform[2:]
    rows = [
        torch.stack([mirrored * cos, -sin, x], dim=1),
        torch.stack([mirrored * sin, cos, y], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(copies.shape), align_corners=False)
    moved = functional.grid_sample(copies, grid, padding_mode="border", align_corners=False)
    return _to_bytes(moved)


def draw_gaussian(images: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw from a Gaussian of pixels: principal components, and noise for the rest [gowal].

    Args:
        images: Authentic ones of a class, (n, C, H, W) uint8.
        count: How many are made.
        rng: On the CPU.
    """
    flat = images.flatten(1).double() / 255
    mean = flat.mean(dim=0)
    _, scales, directions = torch.linalg.svd(flat - mean, full_matrices=False)
    number, freedom = min(COMPONENTS, len(flat) - 1), max(1, len(flat) - 1)
    components = scales[:number, None] / freedom**0.5 * directions[:number]
    variance = (flat - mean).square().sum(dim=0) / freedom
    rest = (variance - components.square().sum(dim=0)).clamp_min(0).sqrt()
    noise = torch.randn((count, number + len(mean)), generator=rng, dtype=torch.float64).to(flat)
    pixels = mean + noise[:, :number] @ components + noise[:, number:] * rest
    return _to_bytes(pixels.view(count, *images.shape[1:]))


def _to_bytes(images: Tensor) -> Tensor:
    return (images.clamp(0, 1) * 255).round().to(torch.uint8)


SOURCES: Mapping[str, Source] = {
    REPEATS: repeat,
    NOISE: add_noise,
    AUGMENTED: augment,
    PIXELS: draw_gaussian,
}
