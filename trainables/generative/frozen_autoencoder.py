"""The run's autoencoder: trained once, cached by what it was made from, read by every trial."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from trainables.generative.autoencoder import (
    AutoencoderSettings,
    fit_autoencoder,
    make_autoencoder,
    measure_reconstruction,
)
from trainables.models.autoencoder import VQVAE
from trainables.study.study import Say

# What reading a file can raise that is damaged or not ours: cut short, without our description, of
# another network.
DAMAGES = (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError)
VERSION = 1  # raise when network or training change: old cache entries are then not taken


@dataclass(frozen=True)
class FrozenAutoencoder:
    """A trained autoencoder, the unit of its latents, and what it was made from.

    Attributes:
        model: In eval mode, taking no gradients.
        latent_std: Standard deviation of the codes of the training images.
        settings: How it was trained.
        channels: Of its images.
        size: Of its images, in pixels.
        digest: SHA-256 of training images and settings, in hexadecimal.
    """

    model: VQVAE
    latent_std: float
    settings: AutoencoderSettings
    channels: int
    size: int
    digest: str

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"latent_std": self.latent_std, "channels": self.channels, "size": self.size}
        described = {**facts, "digest": self.digest, "settings": asdict(self.settings)}
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        weights = {name: value.cpu() for name, value in self.model.state_dict().items()}
        save_file(weights, partial, {"autoencoder": json.dumps(described)})
        partial.replace(path)


def read_autoencoder(path: Path, device: torch.device) -> FrozenAutoencoder:
    """Read what `FrozenAutoencoder.write` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        Exception: One of DAMAGES, if it is damaged.
    """
    with safe_open(path, "pt", str(device)) as file:
        described = json.loads(file.metadata()["autoencoder"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    settings = AutoencoderSettings(**described.pop("settings"))
    model = make_autoencoder(described["channels"], described["size"], settings).to(device)
    model.load_state_dict(weights)
    return FrozenAutoencoder(_freeze(model), settings=settings, **described)


def obtain_autoencoder(
    images: Tensor, settings: AutoencoderSettings, cache: Path, say: Say
) -> FrozenAutoencoder:
    """Take the autoencoder of these images from the cache, or train it and put it there.

    Args:
        images: Training images without labels, (N, C, H, W) uint8, on the device to train on.
        settings: How it is trained.
        cache: A folder; made where it is missing. One that cannot be written costs only the
            caching.
        say: Told the progress.
    """
    digest = _digest(images, settings)
    path = cache / f"autoencoder-{digest[:16]}.safetensors"
    try:
        found = read_autoencoder(path, images.device)
    except DAMAGES:
        found = None  # never written, or damaged: made anew below
    if found is not None and found.digest == digest:
        say(f"autoencoder: found in {cache}")
        return found
    model = _freeze(fit_autoencoder(images, settings, say))
    latent_std = measure_reconstruction(model, images).latent_std
    made = FrozenAutoencoder(model, latent_std, settings, images.shape[1], images.shape[2], digest)
    try:
        made.write(path)
    except (OSError, SafetensorError) as error:  # the latter where safetensors cannot write
        say(f"autoencoder: not cached in {cache}: {error}")
    return made


def _digest(images: Tensor, settings: AutoencoderSettings) -> str:
    made_from = {"version": VERSION, "shape": list(images.shape), **asdict(settings)}
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode())
    digest.update(images.cpu().numpy().tobytes())
    return digest.hexdigest()


def _freeze(model: VQVAE) -> VQVAE:
    return model.eval().requires_grad_(requires_grad=False)
