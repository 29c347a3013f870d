"""Corruptions without an adversary, in five severities: effects of acquisition and storage.

They follow MedMNIST-C [medmnistc] but differ from it. MedMNIST-C is defined on RGB images of
224 x 224 pixels and 256 values, with strengths that differ by dataset. Here images keep their size,
such as 28 pixels, and are not rounded; one table serves all datasets, 2-D and 3-D. Noise,
brightness and contrast mean the same at any size, and take strengths that MedMNIST-C uses for
several datasets. For blur and pixelation MedMNIST-C's strengths have almost no effect at 28 pixels,
or remove the image, so the strengths here are different. Scores can be compared between models on
the same images, but not with published scores.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from searchspace.names import lookup
from trainables.attacks.threat import pixels
from trainables.runtime.seeding import generator

SEVERITIES = (1, 2, 3, 4, 5)
_SIDE = 28  # pixels, of the images for which the blur's strengths are given


@final
@dataclass(frozen=True)
class Corruption:
    """One kind of corruption, with its strength at each severity.

    Attributes:
        apply: (images, strength, generator) -> images, not clipped yet. The generator is in the
            same state at every severity, so that only the strength differs.
        strengths: At severities 1 to 5.
    """

    apply: Callable[[Tensor, float, torch.Generator], Tensor]
    strengths: tuple[float, float, float, float, float]


def _gaussian_noise(images: Tensor, sigma: float, rng: torch.Generator) -> Tensor:
    return images + sigma * _normal(images, rng)


def _speckle_noise(images: Tensor, sigma: float, rng: torch.Generator) -> Tensor:
    return images + images * sigma * _normal(images, rng)


def _impulse_noise(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    noise = torch.rand(images.shape, generator=rng, device=images.device)
    return images.masked_fill(noise < share / 2, 0).masked_fill(noise >= 1 - share / 2, 1)


def _brightness(images: Tensor, factor: float, _: torch.Generator) -> Tensor:
    return images * factor


def _contrast(images: Tensor, factor: float, _: torch.Generator) -> Tensor:
    grey = images.flatten(1).mean(dim=1).reshape(-1, *[1] * (images.ndim - 1))
    return grey + factor * (images - grey)


def _blur(images: Tensor, sigma: float, _: torch.Generator) -> Tensor:
    """Blur each dimension in turn; above 28 pixels sigma grows with the size of the image."""
    sizes = images.shape[2:]
    sigma *= max(1, min(sizes) / _SIDE)
    radius = math.ceil(3 * sigma)
    steps = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    kernel = torch.exp(-0.5 * (steps / sigma).square())
    kernel = (kernel / kernel.sum()).reshape(1, 1, -1)
    for dimension in range(2, images.ndim):
        lines = images.movedim(dimension, -1)
        padded = functional.pad(lines.reshape(-1, 1, lines.shape[-1]), [radius] * 2, "replicate")
        images = functional.conv1d(padded, kernel).reshape(lines.shape).movedim(-1, dimension)
    return images


def _pixelate(images: Tensor, factor: float, _: torch.Generator) -> Tensor:
    """Average over patches, and repeat each average over its patch."""
    sizes = images.shape[2:]
    counts = [max(1, int(size * factor)) for size in sizes]  # patches in each dimension
    coarse = functional.interpolate(images, counts, mode="area")
    return functional.interpolate(coarse, sizes, mode="nearest-exact")


def _normal(images: Tensor, rng: torch.Generator) -> Tensor:
    return torch.randn(images.shape, generator=rng, device=images.device, dtype=images.dtype)


CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian_noise": Corruption(_gaussian_noise, (0.04, 0.08, 0.12, 0.18, 0.26)),
    "speckle_noise": Corruption(_speckle_noise, (0.05, 0.15, 0.2, 0.35, 0.45)),
    "impulse_noise": Corruption(_impulse_noise, (0.01, 0.03, 0.06, 0.09, 0.17)),
    "brightness_up": Corruption(_brightness, (1.1, 1.2, 1.3, 1.4, 1.5)),
    "brightness_down": Corruption(_brightness, (0.9, 0.8, 0.7, 0.6, 0.5)),
    "contrast_down": Corruption(_contrast, (0.9, 0.8, 0.7, 0.6, 0.4)),
    "gaussian_blur": Corruption(_blur, (0.3, 0.5, 0.7, 1.0, 1.4)),
    "pixelate": Corruption(_pixelate, (0.9, 0.75, 0.6, 0.5, 0.4)),
}


def corrupt(images: Tensor, name: str, severity: int, seed: int) -> Tensor:
    """Corrupt images, all by the same kind and severity.

    Args:
        images: Floating, in [0, 1], (N, C, ...) in one to three dimensions.
        name: A key of `CORRUPTIONS`.
        severity: From 0, no corruption, to 5.
        seed: Of the noise, which is the same at every severity, up to its strength.

    Returns:
        Images in [0, 1], of the same shape.

    Raises:
        UserError: If the name is unknown.
        ValueError: If the severity or the images are not as described.
    """
    kind = lookup(CORRUPTIONS, name, "corruption")
    bounds = pixels(0)
    if severity not in {0, *SEVERITIES}:
        raise ValueError(f"severity is {severity}, expected 0 to {SEVERITIES[-1]}")
    if not images.is_floating_point() or not bounds.admits(images):
        raise ValueError(f"images to corrupt are {images.dtype}, expected floating ones in [0, 1]")
    if severity == 0:
        return images
    rng = generator(images.device, seed, name)
    return bounds.clip(kind.apply(images, kind.strengths[severity - 1], rng))
