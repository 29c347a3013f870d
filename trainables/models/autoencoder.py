"""The VQ-VAE: images to codes of a codebook, and back [vqvae].

Our own and not MONAI's, whose quantiser does not revive dead codes: on a few hundred images that
leaves most of a codebook unused.
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUPS = 8  # of the group normalisations


class Quantised(NamedTuple):
    """Codes of a batch: latents (N, D, h, w), indices (N, h, w), the loss of both sides."""

    latents: Tensor
    indices: Tensor
    loss: Tensor


@final
class Codebook(nn.Module):
    """Nearest-neighbour quantisation with a straight-through gradient [vqvae, eq. 1-3]."""

    def __init__(self, n_codes: int, dim: int, commitment: float = 0.25) -> None:
        super().__init__()
        self.codes = nn.Parameter(torch.empty(n_codes, dim).uniform_(-1 / n_codes, 1 / n_codes))
        self.commitment = commitment

    def forward(self, latents: Tensor) -> Quantised:
        """Replace each of the latents (N, D, h, w) by its nearest code."""
        flat = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
        nearest = torch.cdist(flat, self.codes).argmin(dim=1)
        indices = nearest.reshape(latents.shape[0], *latents.shape[2:])
        codes = functional.embedding(indices, self.codes).permute(0, 3, 1, 2)
        # The commitment term holds the encoder to the codes; the other moves the codes to the
        # encoder.
        committed = functional.mse_loss(latents, codes.detach())
        moved = functional.mse_loss(codes, latents.detach())
        through = latents + (codes - latents).detach()
        return Quantised(through, indices, self.commitment * committed + moved)

    @torch.no_grad()
    def revive(self, dead: Tensor, latents: Tensor, generator: torch.Generator) -> None:
        """Move codes that no image uses onto random outputs of the encoder.

        Args:
            dead: Which codes, bool (n_codes,).
            latents: Outputs of the encoder, (N, D, h, w).
            generator: Draws the outputs.
        """
        flat = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
        count = int(dead.sum())
        rows = torch.randint(len(flat), (count,), generator=generator, device=generator.device)
        self.codes[dead] = flat[rows]


@final
class VQVAE(nn.Module):
    """A convolutional VQ-VAE for images in [0, 1].

    Strided 4x4 convolutions halve, and transposed 4x4 convolutions double, as in the original
    [vqvae]. At 28 pixels the latents have 7 x 7 positions; larger images are halved until about 8
    (224 pixels: 14) are left.

    Args:
        channels: Image channels.
        size: Height and width in pixels, a multiple of 4.
        width: Maps at the finest level but one; a multiple of 16.
        dim: Latent channels D.
        n_codes: Size of the codebook.
    """

    def __init__(
        self, channels: int, size: int, width: int = 32, dim: int = 16, n_codes: int = 256
    ) -> None:
        super().__init__()
        halvings = min(4, max(2, math.floor(math.log2(size / 7))))
        wide = 2 * width
        down: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), *_norm_act(width)]
        up: list[nn.Module] = [nn.ConvTranspose2d(width // 2, channels, 4, 2, 1)]
        up = [nn.Conv2d(width, width // 2, 3, 1, 1), *_norm_act(width // 2), *up]
        for level in range(1, halvings):
            fine = width if level == 1 else wide
            down += [nn.Conv2d(fine, wide, 4, 2, 1), *_norm_act(wide)]
            up = [nn.ConvTranspose2d(wide, fine, 4, 2, 1), *_norm_act(fine), *up]
        self.encoder = nn.Sequential(*down, Residual(wide), nn.Conv2d(wide, dim, 1))
        self.decoder = nn.Sequential(nn.Conv2d(dim, wide, 1), Residual(wide), *up)
        self.codebook = Codebook(n_codes, dim)

    def encode(self, images: Tensor) -> Tensor:
        """Encode images (N, C, H, W) in [0, 1] to latents (N, D, h, w), not yet quantised."""
        latents: Tensor = self.encoder(images * 2 - 1)
        return latents

    def quantise(self, images: Tensor) -> Tensor:
        """Encode images to their codes, (N, D, h, w)."""
        quantised: Quantised = self.codebook(self.encode(images))
        return quantised.latents

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (N, D, h, w), quantised or not, to images (N, C, H, W) in [0, 1]."""
        images: Tensor = (self.decoder(latents).clamp(-1, 1) + 1) / 2
        return images

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Quantised]:
        """Return the reconstruction in [0, 1], the encoder's output, and what became of it."""
        latents = self.encode(images)
        quantised: Quantised = self.codebook(latents)
        return self.decode(quantised.latents), latents, quantised


@final
class Residual(nn.Module):
    """A 3x3 convolution on a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_norm_act(width), nn.Conv2d(width, width, 3, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        summed: Tensor = maps + self.layers(maps)
        return summed


def _norm_act(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.GroupNorm(GROUPS, width), nn.SiLU()
