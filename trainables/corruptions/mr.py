"""What happens to MR without an adversary: artefacts of scanners and patients, on slices.

Slices are (N, C, S, S) in standard deviations of the subject's MR, the first axis from left to
right. Air is the least value of a slice. Every disturbance keeps the shape and draws its chance
from a seed; at strength 0 it changes nothing. The CT does not move, so only what leaves the anatomy
in place is here; `trainables.corruptions.turning` turns both.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from trainables.runtime.seeding import generator

Disturb = Callable[[Tensor, float, torch.Generator], Tensor]


def disturb(kind: str, mr: Tensor, strength: float, seed: int) -> Tensor:
    """Disturb slices.

    Args:
        kind: A key of `DISTURBANCES`.
        mr: (N, C, S, S).
        strength: From 0; `DISTURBANCES` says what it counts.
        seed: Of chance.
    """
    rng = generator(torch.device("cpu"), seed, kind)
    return DISTURBANCES[kind][1](mr, strength, rng)


def _air(mr: Tensor) -> Tensor:
    return mr.amin(dim=(1, 2, 3), keepdim=True)


def _field_of_view(mr: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Normalise as if there were so much more air on each side."""
    del rng
    area = (1 + 2 * share) ** 2
    air = _air(mr)
    mean = air * (1 - 1 / area)  # the whole image has mean 0 and mean square 1
    square = air.square() * (1 - 1 / area) + 1 / area
    return (mr - mean) / (square - mean.square()).sqrt()


def _bias_field(mr: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Multiply the signal by a smooth field from 1 - share to 1 + share."""
    coarse = 2 * torch.rand((len(mr), 1, 3, 3), generator=rng) - 1
    size = list(mr.shape[-2:])
    field = functional.interpolate(coarse, size, mode="bicubic", align_corners=True)
    field = field / field.abs().amax(dim=(1, 2, 3), keepdim=True)
    air = _air(mr)
    return (mr - air) * (1 + share * field.to(mr.device)) + air


def _rician(mr: Tensor, sigma: float, rng: torch.Generator) -> Tensor:
    """Add noise to the real and imaginary part of the signal, and take the magnitude."""
    real, imaginary = sigma * torch.randn((2, *mr.shape), generator=rng).to(mr.device)
    air = _air(mr)
    magnitude: Tensor = ((mr - air + real).square() + imaginary.square()).sqrt()
    return magnitude + air


def _ghosting(mr: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Add a copy shifted by half the field from front to back, as motion leaves it."""
    del rng
    air = _air(mr)
    return mr + share * (torch.roll(mr, mr.shape[-1] // 2, dims=-1) - air)


def _gibbs(mr: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Cut off the highest frequencies of both axes: edges ring."""
    del rng
    if share == 0:
        return mr
    spectrum = torch.fft.fft2(mr)
    for axis in (-2, -1):
        frequencies = torch.fft.fftfreq(mr.shape[axis], device=mr.device).abs()
        low = (frequencies <= 0.5 * (1 - share)).to(mr.dtype)
        spectrum = spectrum * (low[:, None] if axis == -2 else low)
    image: Tensor = torch.fft.ifft2(spectrum).real
    return image


def _contrast(mr: Tensor, exponent: float, rng: torch.Generator) -> Tensor:
    """Raise the signal to a power of e to the exponent, darkest and brightest kept."""
    del rng
    air, peak = _air(mr), mr.amax(dim=(1, 2, 3), keepdim=True)
    signal = ((mr - air) / (peak - air).clamp_min(1e-6)).clamp(0, 1)
    return signal.pow(math.exp(exponent)) * (peak - air) + air


def _void(mr: Tensor, radius: float, rng: torch.Generator) -> Tensor:
    """Take the signal from a disc, as metal does; its radius is a share of the side."""
    size = mr.shape[-1]
    axis = (torch.arange(size) + 0.5) / size
    centres = 0.3 + 0.4 * torch.rand((len(mr), 2), generator=rng)
    rows, columns = (axis[None, :] - centres[:, k, None] for k in range(2))
    distance = (rows[:, :, None].square() + columns[:, None, :].square()).sqrt()
    inside = (distance < radius)[:, None].to(mr.device)
    return torch.where(inside, _air(mr), mr)


def _resolution(mr: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Scan with fewer pixels, and interpolate."""
    del rng
    size = mr.shape[-1]
    coarse = max(2, round(size * (1 - share)))
    means = _means(size, coarse).to(mr)
    small = means @ mr @ means.T
    wide = functional.interpolate(small, (size, size), mode="bilinear", align_corners=False)
    return mr if share == 0 else wide


def _means(size: int, coarse: int) -> Tensor:
    """Return the weights (coarse, size) of fine pixels in the mean over each coarse one.

    Torch's area interpolation takes whole pixels: 30 of 32 would blur as much as 16 do.
    """
    edges = torch.linspace(0, size, coarse + 1)
    pixels = torch.arange(size)
    first = torch.maximum(edges[:-1, None], pixels)
    last = torch.minimum(edges[1:, None], pixels + 1)
    return (last - first).clamp_min(0) * (coarse / size)


DISTURBANCES: Mapping[str, tuple[tuple[float, ...], Disturb]] = {
    "field of view": ((0.15, 0.3), _field_of_view),
    "bias field": ((0.2, 0.4), _bias_field),
    "Rician noise": ((0.1, 0.25), _rician),
    "ghosting": ((0.1, 0.2), _ghosting),
    "Gibbs": ((0.3, 0.5), _gibbs),
    "contrast": ((-0.3, 0.3), _contrast),
    "signal void": ((0.05, 0.1), _void),
    "resolution": ((0.25, 0.5), _resolution),
}
"""By name: the strengths at which networks are compared, and what is done."""
