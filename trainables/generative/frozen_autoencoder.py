"""The autoencoder of a run or a trial: a function of images, settings and seed, trained once."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from trainables.generative.autoencoder import (
    AutoencoderSettings,
    fit_autoencoder,
    make_autoencoder,
    measure_reconstruction,
)
from trainables.models.autoencoder import VQVAE
from trainables.models.digests import tensors_digest
from trainables.runtime.device import threads
from trainables.saved.frozen import (
    Content,
    Kind,
    digest_of,
    obtain,
    read,
    write,
)
from trainables.saved.shapes import check_size
from trainables.study.study import Say

VERSION = 2  # raise when network or training change: old cache entries are then not taken
# Fixed, so that the weights do not depend on how many cores there are. With two threads 2 of 75
# processes came to other weights than the rest.
THREADS = 1


@dataclass(frozen=True, kw_only=True)
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

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal."""
        return tensors_digest(self.model.state_dict())

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        write(AUTOENCODER, self, path)


def read_autoencoder(path: Path, device: torch.device) -> FrozenAutoencoder:
    """Read what `FrozenAutoencoder.write` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        Exception: One of `trainables.saved.frozen.DAMAGES`, if it is damaged.
    """
    return read(AUTOENCODER, path, device)


def obtain_autoencoder(
    images: Tensor, settings: AutoencoderSettings, cache: Path, say: Say
) -> FrozenAutoencoder:
    """Take the autoencoder of these images and this seed from the cache, or train it and put it in.

    Args:
        images: Training images without labels, (N, C, H, W) uint8, on the device to train on.
        settings: How it is trained, the seed included.
        cache: A folder; made where it is missing. One that cannot be written costs only the
            caching.
        say: Takes lines about the progress.
    """
    digest = _digest(images, settings)

    def make() -> FrozenAutoencoder:
        with threads(THREADS):
            model = _freeze(fit_autoencoder(images, settings, say))
            latent_std = measure_reconstruction(model, images).latent_std
        return FrozenAutoencoder(
            model=model,
            latent_std=latent_std,
            settings=settings,
            channels=images.shape[1],
            size=images.shape[2],
            digest=digest,
        )

    return obtain(AUTOENCODER, digest, make, cache=cache, device=images.device, say=say)


def _digest(images: Tensor, settings: AutoencoderSettings) -> str:
    described = {"version": VERSION, "shape": list(images.shape), **asdict(settings)}
    return digest_of(described, images)


def _pack(autoencoder: FrozenAutoencoder) -> Content:
    facts = {
        "latent_std": autoencoder.latent_std,
        "channels": autoencoder.channels,
        "size": autoencoder.size,
        "digest": autoencoder.digest,
        "settings": asdict(autoencoder.settings),
    }
    return Content(autoencoder.model.state_dict(), facts)


def _unpack(content: Content, device: torch.device) -> FrozenAutoencoder:
    facts = dict(content.facts)
    settings = AutoencoderSettings(**facts.pop("settings"))

    def build() -> VQVAE:
        with torch.random.fork_rng(devices=[]):  # of the initial weights, which are replaced
            return make_autoencoder(facts["channels"], facts["size"], settings)

    check_size(build, [tensor.shape for tensor in content.weights.values()])
    model = build().to(device)
    model.load_state_dict(content.weights)
    return FrozenAutoencoder(model=_freeze(model), settings=settings, **facts)


def _freeze(model: VQVAE) -> VQVAE:
    return model.eval().requires_grad_(requires_grad=False)


AUTOENCODER = Kind("autoencoder", _pack, _unpack)
