"""Train the VQ-VAE without labels, once for a run."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from trainables.generative.progress import progress
from trainables.models.autoencoder import VQVAE
from trainables.runtime.seeding import generator as make_generator
from trainables.runtime.seeding import seeded
from trainables.study.study import Say

REVIVE_EVERY = 50  # steps between revivals of codes that no image used since the last one


@dataclass(frozen=True)
class AutoencoderSettings:
    """How the VQ-VAE is made and trained. The paper names none of these; the choices are measured.

    Attributes:
        width: Maps of its finest level.
        dim: Latent channels.
        n_codes: Codebook size.
        steps: Optimiser steps.
        batch_size: Images per step.
        lr: Learning rate of Adam at its highest; it falls to zero along a cosine.
        seed: Of initialisation and batches.
    """

    width: int = 32
    dim: int = 16
    n_codes: int = 256
    steps: int = 800
    batch_size: int = 64
    lr: float = 2e-3
    seed: int = 0


@dataclass(frozen=True)
class Reconstruction:
    """How well the autoencoder reconstructs images it was not trained on.

    Attributes:
        mae: Mean absolute error, in [0, 1] of the pixel range.
        psnr: Peak signal-to-noise ratio in dB, of the mean squared error over all images.
        codes_used: Codes that occur at least once.
        latent_std: Standard deviation of the codes in use, each weighed by its use: the unit of
            latent noise.
    """

    mae: float
    psnr: float
    codes_used: int
    latent_std: float


def make_autoencoder(channels: int, size: int, settings: AutoencoderSettings) -> VQVAE:
    """Make the untrained network.

    Args:
        channels: Of the images.
        size: Height and width in pixels.
        settings: Width, latent channels and codes; how it is trained does not matter here.
    """
    return VQVAE(channels, size, settings.width, settings.dim, settings.n_codes)


def fit_autoencoder(images: Tensor, settings: AutoencoderSettings, say: Say) -> VQVAE:
    """Train a VQ-VAE by absolute error and the codebook's losses [vqvae, eq. 3].

    Args:
        images: (N, C, H, W) uint8, on the device to train on.
        settings: Of the network and its training.
        say: Takes lines about the progress, some ten in all.
    """
    generator = make_generator(images.device, settings.seed, "autoencoder", "batches")
    with seeded(images.device, settings.seed, "autoencoder"):
        model = make_autoencoder(images.shape[1], images.shape[2], settings).to(images.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.lr)
    used = torch.zeros(settings.n_codes, dtype=torch.bool, device=images.device)
    with progress("autoencoder", settings.steps, say) as tick:
        for step in range(settings.steps):
            optimiser.param_groups[0]["lr"] = settings.lr * _cosine(step / settings.steps)
            rows = torch.randint(
                len(images), (settings.batch_size,), generator=generator, device=images.device
            )
            batch = images[rows].float() / 255
            decoded, latents, quantised = model(batch)
            loss = functional.l1_loss(decoded, batch) + quantised.loss
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            used[quantised.indices.flatten()] = True
            # Late revivals would leave codes the decoder has not met.
            if (step + 1) % REVIVE_EVERY == 0 and step < settings.steps * 3 // 4:
                model.codebook.revive(~used, latents, generator)
                used.zero_()
            tick(step + 1, "")
    return model


@torch.no_grad()
def measure_reconstruction(model: VQVAE, images: Tensor, batch_size: int = 256) -> Reconstruction:
    """Measure how well images come back through the codes.

    Args:
        model: In eval mode.
        images: (N, C, H, W) uint8, on the device of the model.
        batch_size: Images at a time.
    """
    absolute, squared, count = 0.0, 0.0, 0
    uses = torch.zeros(len(model.codebook.codes), device=images.device)
    for chunk in images.split(batch_size):
        batch = chunk.float() / 255
        decoded, _, quantised = model(batch)
        error = (decoded - batch).double()
        absolute += float(error.abs().sum())
        squared += float((error**2).sum())
        count += error.numel()
        uses += torch.bincount(quantised.indices.flatten(), minlength=len(uses)).to(uses)
    weights = (uses / uses.sum())[:, None]
    mean = (weights * model.codebook.codes).sum(0)
    variance = (weights * (model.codebook.codes - mean) ** 2).sum(0).mean()
    return Reconstruction(
        mae=absolute / count,
        psnr=10 * math.log10(count / squared) if squared else math.inf,
        codes_used=int((uses > 0).sum()),
        latent_std=float(variance.sqrt()),
    )


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))
