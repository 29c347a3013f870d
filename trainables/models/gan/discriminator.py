"""The discriminator of a GAN: how real an image of a class looks."""

from collections.abc import Callable
from typing import final

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from trainables.models.gan.generator import doublings, small_embedding
from trainables.models.gan.self_attention import SelfAttention

NORMS = ("spectral", "batch", "none")
ATTENDED = 16  # greatest side in pixels of maps whose positions attend to one another
SLOPE = 0.2  # of leaky units below 0


@final
class Discriminator(nn.Module):
    """Halving 4 x 4 convolutions, a sum over positions, and one output [dcgan].

    A class enters as the product of its embedding with the summed features [projection].

    Args:
        channels: Of the images.
        size: Their height and width in pixels.
        n_classes: For 1 the class does not enter.
        width: Maps at the finest level.
        norm: ``spectral`` normalises every layer [spectralnorm]; ``batch`` all but the first
            convolution; or ``none``.
        attention: Whether positions attend to one another.
    """

    def __init__(
        self,
        channels: int,
        size: int,
        n_classes: int,
        *,
        width: int = 24,
        norm: str = "spectral",
        attention: bool = False,
    ) -> None:
        super().__init__()
        wrap: Callable[[nn.Module], nn.Module] = spectral_norm if norm == "spectral" else _plain
        layers: list[nn.Module] = []
        inputs, side = channels, size
        for level in range(doublings(size)):
            outputs, side = width * min(4, 2**level), side // 2
            layers.append(wrap(nn.Conv2d(inputs, outputs, 4, 2, 1)))
            layers += _normalised(outputs, norm=norm if level else "none")
            if attention and side <= ATTENDED < 2 * side:
                layers.append(SelfAttention(outputs, spectral=norm == "spectral"))
            inputs = outputs
        layers.append(wrap(nn.Conv2d(inputs, inputs, 3, 1, 1)))
        layers += _normalised(inputs, norm=norm)
        self.layers = nn.Sequential(*layers)
        self.head = wrap(nn.Linear(inputs, 1))
        self.embedding = wrap(small_embedding(n_classes, inputs)) if n_classes > 1 else None

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Score images (N, C, H, W) in [0, 1] of classes (N,): (N,), greater for more real."""
        features = self.layers(images * 2 - 1).sum(dim=(2, 3))
        scores: Tensor = self.head(features).squeeze(1)
        if self.embedding is not None:
            scores = scores + (self.embedding(labels) * features).sum(dim=1)
        return scores


def _plain(layer: nn.Module) -> nn.Module:
    return layer


def _normalised(width: int, *, norm: str) -> list[nn.Module]:
    unit = nn.LeakyReLU(SLOPE)
    return [nn.BatchNorm2d(width), unit] if norm == "batch" else [unit]
