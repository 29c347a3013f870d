"""Random noise, without an adversary."""

import torch
from torch import Tensor

from trainables.attacks.threat import ThreatModel
from trainables.runtime.seeding import generator


def gaussian(images: Tensor, sigma: float, seed: int, threat: ThreatModel) -> Tensor:
    """Add Gaussian noise and clip to the threat model's bounds; its radius is ignored.

    Args:
        images: Floating, (N, C, ...).
        sigma: Standard deviation, at least 0, in the threat model's unit.
        seed: The same seed gives the same noise.
        threat: Gives the bounds.

    Raises:
        ValueError: If sigma is negative or NaN.
    """
    if not sigma >= 0:
        raise ValueError(f"sigma is {sigma}, expected at least 0")
    rng = generator(images.device, seed, "gaussian")
    noise = torch.randn(images.shape, generator=rng, device=images.device, dtype=images.dtype)
    return threat.clip(images + sigma * noise)
