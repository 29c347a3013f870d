"""Artefacts of acquisition of MR and CT, in two and three dimensions, in five severities.

They act on images in [0, 1] as a scanner would on its signal: MR artefacts in the frequencies of
the image (k-space), whose last axis is taken to be that of phase encoding. A dataset of finished
images holds magnitudes after all processing, so these are models of artefacts: results can be
compared between networks on the same images, and say little of a scanner. Code of our own: what
MONAI and TorchIO offer would be a dependency for a few lines each.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from searchspace.names import lookup
from trainables.attacks.threat import pixels
from trainables.corruptions.corruptions import SEVERITIES, Corruption
from trainables.runtime.seeding import generator

KNOTS = 3  # of a bias field, along each axis
MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}
EARLIEST, LATEST = 0.55, 0.8  # when a patient moves, as a share of the lines of k-space
ATTENUATION = 3.0  # of the brightest pixel: dose takes from it exp(-3) of the photons
SIDE = 28  # pixels, of the images for which a motion is stated
LEAST_COUNT = 0.5  # photons that a detector reports at least


def _axes(images: Tensor) -> tuple[int, ...]:
    return tuple(range(2, images.ndim))


def _spectrum(images: Tensor) -> Tensor:
    """Return the frequencies of images, the lowest in the middle."""
    axes = _axes(images)
    spectrum: Tensor = torch.fft.fftshift(torch.fft.fftn(images, dim=axes), dim=axes)
    return spectrum


def _magnitude(spectrum: Tensor) -> Tensor:
    """Return the images of frequencies, as their magnitudes."""
    axes = _axes(spectrum)
    images: Tensor = torch.fft.ifftn(torch.fft.ifftshift(spectrum, dim=axes), dim=axes)
    return images.abs()


def _frequencies(images: Tensor, axis: int) -> Tensor:
    """Return the frequencies along an axis, from -1/2 to 1/2, shaped to broadcast."""
    size = images.shape[axis]
    values: Tensor = torch.fft.fftshift(torch.fft.fftfreq(size, device=images.device))
    return values.reshape([-1 if number == axis else 1 for number in range(images.ndim)])


def _per_image(images: Tensor, rng: torch.Generator, *shape: int) -> Tensor:
    """Draw from [0, 1) for each image, (N, *shape)."""
    return torch.rand((len(images), *shape), generator=rng, device=images.device)


def _bias_field(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Multiply by a smooth field from 1 - share to 1 + share."""
    shape = images.shape[2:]
    coarse = 2 * _per_image(images, rng, 1, *(KNOTS,) * len(shape)) - 1
    field = functional.interpolate(coarse, shape, mode=MODES[len(shape)], align_corners=True)
    peak = field.flatten(1).abs().amax(dim=1).reshape(-1, *[1] * (images.ndim - 1))
    return images * (1 + share * field / peak)


def _motion(images: Tensor, distance: float, rng: torch.Generator) -> Tensor:
    """Take the later lines of k-space from an image that has moved by a distance."""
    spectrum, last = _spectrum(images), images.ndim - 1
    singletons = [1] * (images.ndim - 1)
    turn = 2 * math.pi * _per_image(images, rng)
    moment = (EARLIEST + (LATEST - EARLIEST) * _per_image(images, rng)).reshape(-1, *singletons)
    length = distance * images.shape[-1] / SIDE
    across, along = (
        _frequencies(images, axis) * (length * part).reshape(-1, *singletons)
        for axis, part in ((last, turn.cos()), (last - 1, turn.sin()))
    )
    moved = spectrum * torch.exp(-2j * math.pi * (across + along))
    late = _frequencies(images, last) + 0.5 >= moment
    return _magnitude(torch.where(late, moved, spectrum))


def _ghosting(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Weaken every second line of k-space but the middle: a copy appears half a field away."""
    del rng
    last = images.ndim - 1
    size = images.shape[last]
    lines = torch.arange(size, device=images.device)
    weak = (lines % 2 != (size // 2) % 2).reshape([-1 if n == last else 1 for n in range(last + 1)])
    return _magnitude(_spectrum(images) * torch.where(weak, 1 - share, 1.0))


def _gibbs(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Cut off a share of the highest frequencies of every axis: edges ring."""
    del rng
    spectrum = _spectrum(images)
    for axis in _axes(images):
        spectrum = spectrum * (_frequencies(images, axis).abs() <= 0.5 * (1 - share))
    return _magnitude(spectrum)


def _spikes(images: Tensor, height: float, rng: torch.Generator) -> Tensor:
    """Add waves of one frequency each, as a spark in k-space leaves them; height is theirs."""
    wave = torch.zeros_like(images[:, :1])
    for axis in _axes(images):
        size = images.shape[axis]
        singletons = [1] * (images.ndim - 1)
        frequency = (0.1 + 0.3 * _per_image(images, rng)).reshape(-1, *singletons)
        positions = torch.arange(size, device=images.device).reshape(
            [-1 if number == axis else 1 for number in range(images.ndim)]
        )
        wave = wave + 2 * math.pi * frequency * positions
    return images + height * wave.cos()


def _rician(images: Tensor, sigma: float, rng: torch.Generator) -> Tensor:
    """Add noise to the real and imaginary part of the signal, and take the magnitude."""
    shape = (2, *images.shape)
    real, imaginary = sigma * torch.randn(shape, generator=rng, device=images.device)
    magnitude: Tensor = ((images + real).square() + imaginary.square()).sqrt()
    return magnitude


def _dose(images: Tensor, photons: float, rng: torch.Generator) -> Tensor:
    """Count photons behind each pixel: the fewer, the noisier, most of all where it is bright."""
    counts = torch.poisson(photons * torch.exp(-ATTENUATION * images), generator=rng)
    return -(counts.clamp_min(LEAST_COUNT) / photons).log() / ATTENUATION


ARTEFACTS: Mapping[str, Corruption] = {
    "bias_field": Corruption(_bias_field, (0.1, 0.2, 0.3, 0.45, 0.6)),
    "motion": Corruption(_motion, (0.5, 1.0, 1.5, 2.5, 4.0)),
    "ghosting": Corruption(_ghosting, (0.1, 0.2, 0.35, 0.5, 0.7)),
    "gibbs": Corruption(_gibbs, (0.2, 0.35, 0.5, 0.6, 0.7)),
    "spikes": Corruption(_spikes, (0.02, 0.04, 0.08, 0.12, 0.2)),
    "rician_noise": Corruption(_rician, (0.03, 0.06, 0.1, 0.15, 0.2)),
    "dose": Corruption(_dose, (10000.0, 3000.0, 1000.0, 400.0, 150.0)),
}


def distort(images: Tensor, name: str, severity: int, seed: int) -> Tensor:
    """Give images an artefact, all of the same kind and severity.

    Args:
        images: Floating, in [0, 1], (N, C, H, W) or (N, C, D, H, W).
        name: A key of `ARTEFACTS`.
        severity: From 1 to 5.
        seed: Of chance, which is the same at every severity, up to its strength.

    Returns:
        Images in [0, 1], of the same shape.

    Raises:
        UserError: If the name is unknown.
        ValueError: If the severity is not from 1 to 5.
    """
    kind = lookup(ARTEFACTS, name, "artefact")
    if severity not in SEVERITIES:
        raise ValueError(f"severity is {severity}, expected 1 to {SEVERITIES[-1]}")
    rng = generator(images.device, seed, name)
    return pixels(0).clip(kind.apply(images, kind.strengths[severity - 1], rng))
