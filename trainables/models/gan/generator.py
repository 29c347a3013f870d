"""The generator of a GAN: noise and a class to images, one network for all classes or for each."""

import math
from collections.abc import Iterable
from typing import final

import torch
from torch import Tensor, nn

from trainables.models.gan.self_attention import SelfAttention

COARSEST = 7  # least side in pixels that is not doubled from a smaller one


def doublings(size: int) -> int:
    """Return how often the side of the coarsest maps is doubled: 28 = 7 x 4, 64 = 8 x 8.

    Raises:
        ValueError: If the size is no such product.
    """
    count = max(1, math.floor(math.log2(size / COARSEST)))
    if size % 2**count:
        raise ValueError(f"images of {size} pixels cannot be halved {count} times")
    return count


def small_embedding(n_classes: int, dim: int) -> nn.Embedding:
    """Make vectors of classes whose length is about 1, where the default's is the root of ``dim``.

    Long ones drown the noise in the generator, and saturate the discriminator's scores: of
    BreastMNIST a generator then drew one image a class, a blurred one.
    """
    embedding = nn.Embedding(n_classes, dim)
    nn.init.normal_(embedding.weight, std=dim**-0.5)
    return embedding


@final
class Generator(nn.Module):
    """Nearest-neighbour doublings and 3 x 3 convolutions [dcgan].

    Transposed convolutions would leave a chequerboard, which a classifier can learn as the sign of
    a class.

    Args:
        channels: Of the images.
        size: Their height and width in pixels.
        n_classes: For 1 there is no embedding of the class.
        width: Maps at the finest level.
        dim: Of the noise.
        attention: Whether positions attend to one another after the first doubling.
    """

    def __init__(
        self,
        channels: int,
        size: int,
        n_classes: int,
        *,
        width: int = 16,
        dim: int = 64,
        attention: bool = False,
    ) -> None:
        super().__init__()
        levels = doublings(size)
        widths = [width * min(4, 2**level) for level in range(levels, -1, -1)]
        self.dim, self.side = dim, size // 2**levels
        self.embedding = small_embedding(n_classes, dim) if n_classes > 1 else None
        inputs = dim if self.embedding is None else 2 * dim
        self.start = nn.Linear(inputs, widths[0] * self.side**2)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for level in range(levels):
            coarse, fine = widths[level], widths[level + 1]
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(coarse, fine, 3, 1, 1, bias=False)]
            layers += [nn.BatchNorm2d(fine), nn.ReLU()]
            if attention and level == 0:
                layers.append(SelfAttention(fine, spectral=False))
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, channels, 3, 1, 1))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Turn noise (N, dim) and classes (N,) into images (N, C, H, W) in [0, 1]."""
        inputs = noise
        if self.embedding is not None:
            inputs = torch.cat([noise, self.embedding(labels)], dim=1)
        maps = self.start(inputs).unflatten(1, (-1, self.side, self.side))
        images: Tensor = self.layers(maps).sigmoid()
        return images


@final
class PerClass(nn.Module):
    """One generator for each class, each trained on the images of its class alone."""

    def __init__(self, generators: Iterable[Generator]) -> None:
        super().__init__()
        self.generators = nn.ModuleList(generators)
        self.dim = next(iter(self.generators)).dim

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Turn noise (N, dim) and classes (N,) into images (N, C, H, W) in [0, 1]."""
        images: Tensor | None = None
        for label, generator in enumerate(self.generators):
            rows = torch.nonzero(labels == label).squeeze(1)
            if len(rows):
                part = generator(noise[rows], torch.zeros_like(rows))
                if images is None:
                    images = part.new_empty((len(labels), *part.shape[1:]))
                images = images.index_copy(0, rows, part)
        if images is None:
            raise ValueError("no label is that of a class")
        return images
