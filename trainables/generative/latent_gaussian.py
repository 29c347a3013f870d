"""A Gaussian for each class in the latents of a VQ-VAE: the cheap generator [vqvae].

Of a class with n images in L dimensions, n far below L, a covariance has at most n - 1 directions.
So the Gaussian is their mean, their principal components, and independent noise that has what the
components leave of each latent's variance. A sample is quantised before it is decoded: the decoder
knows codes alone.
"""

from typing import final

import torch
from torch import Tensor, nn

from trainables.generative.gan_training import Labelled
from trainables.models.autoencoder import VQVAE

COMPONENTS = 32  # of a class, at most
BATCH = 256  # images that are encoded at a time


@final
class LatentGaussian(nn.Module):
    """Draws latents of a class, and decodes them.

    Args:
        autoencoder: Trained; frozen here.
        n_classes: Number of classes.
        shape: Of the latents of an image, (D, h, w).
    """

    def __init__(self, autoencoder: VQVAE, n_classes: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.autoencoder, self.shape = autoencoder, shape
        size = torch.Size(shape).numel()
        self.dim = COMPONENTS + size
        self.means: Tensor
        self.components: Tensor
        self.rest: Tensor
        self.register_buffer("means", torch.zeros(n_classes, size))
        self.register_buffer("components", torch.zeros(n_classes, COMPONENTS, size))
        self.register_buffer("rest", torch.zeros(n_classes, size))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Turn noise (N, dim) and classes (N,) into images (N, C, H, W) in [0, 1]."""
        along, apart = noise.split([COMPONENTS, noise.shape[1] - COMPONENTS], dim=1)
        steps = torch.einsum("nk,nkl->nl", along, self.components[labels])
        latents = self.means[labels] + steps + apart * self.rest[labels]
        codes = self.autoencoder.codebook(latents.unflatten(1, self.shape)).latents
        return self.autoencoder.decode(codes)

    @torch.no_grad()
    def fit(self, label: int, latents: Tensor) -> None:
        """Take over mean, components and rest of the latents of a class, (n, D, h, w)."""
        flat = latents.flatten(1)
        mean = flat.mean(dim=0)
        _, scales, directions = torch.linalg.svd(flat - mean, full_matrices=False)
        count = min(COMPONENTS, len(flat) - 1)
        deviations = scales[:count, None] / max(1, len(flat) - 1) ** 0.5
        components = deviations * directions[:count]
        variance = flat.var(dim=0) if len(flat) > 1 else torch.zeros_like(mean)
        self.means[label] = mean
        self.components[label, :count] = components
        self.rest[label] = (variance - components.square().sum(dim=0)).clamp_min(0).sqrt()


@torch.no_grad()
def fit_latent_gaussian(autoencoder: VQVAE, data: Labelled) -> LatentGaussian:
    """Fit a Gaussian to the latents of each class.

    Args:
        autoencoder: Trained on these images.
        data: The training images, and no others.
    """
    parts = [autoencoder.encode(batch.float() / 255) for batch in data.images.split(BATCH)]
    latents = torch.cat(parts)
    network = LatentGaussian(autoencoder, data.n_classes, tuple(latents.shape[1:])).to(
        latents.device
    )
    for label in range(data.n_classes):
        network.fit(label, latents[data.labels == label])
    return network.eval()
