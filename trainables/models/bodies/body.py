"""The part of a classifier below its last layer: maps from images or volumes alike."""

from collections.abc import Callable
from typing import final

from torch import Tensor, nn

Shape = tuple[int, ...]  # height and width, or depth, height and width


@final
class Body(nn.Module):
    """Layers in a row, and how many maps the last of them gives.

    Args:
        layers: Map (N, C, *shape) to (N, n_features, *smaller shape).
        n_features: Maps of the last layer.
    """

    def __init__(self, layers: nn.Sequential, n_features: int) -> None:
        super().__init__()
        self.layers = layers
        self.n_features = n_features

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, C, *shape) to (N, n_features, *smaller shape)."""
        maps: Tensor = self.layers(images)
        return maps


BuildBody = Callable[[int, Shape], Body]  # from image channels and shape
