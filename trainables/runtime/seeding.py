"""Seeds by name: each use of randomness, and each epoch, has its own stream."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *names: str | int) -> int:
    """Derive a seed in [0, 2**63) from a run's seed and the names of its use."""
    text = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(device: torch.device, seed: int, *names: str | int) -> torch.Generator:
    """Create a generator on a device, seeded by `derive`.

    Args:
        device: Where the generator draws.
        seed: Of the run.
        names: Of the use, such as an attack's name and an image's number.
    """
    return torch.Generator(device).manual_seed(derive(seed, *names))


@contextmanager
def seeded(device: torch.device, seed: int, *names: str | int) -> Iterator[None]:
    """Seed torch's global generators, which initialisation and dropout use; then restore them.

    Args:
        device: A CUDA device's generator is seeded too.
        seed: Of the run.
        names: Of the use, as for `derive`.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(derive(seed, *names))
        yield
