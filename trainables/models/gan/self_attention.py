"""Self-attention over the positions of feature maps [sagan]."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


@final
class SelfAttention(nn.Module):
    """Add to each position what it attends to at all others: x + s W(softmax(Q K^T) V).

    Keys and values are pooled over 2 x 2 positions. The scale s begins at 0, so that an untrained
    layer changes nothing.

    Args:
        width: Maps, at least 2; queries and keys have an eighth of them.
        spectral: Whether the layers are normalised to a largest singular value of 1.
    """

    def __init__(self, width: int, *, spectral: bool) -> None:
        super().__init__()
        self.query = _layer(width, max(1, width // 8), spectral=spectral)
        self.key = _layer(width, max(1, width // 8), spectral=spectral)
        self.value = _layer(width, width // 2, spectral=spectral)
        self.mix = _layer(width // 2, width, spectral=spectral)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        queries = self.query(maps).flatten(2)  # (N, C, positions)
        keys, values = (
            functional.max_pool2d(layer(maps), 2).flatten(2) for layer in (self.key, self.value)
        )
        attention = torch.bmm(queries.transpose(1, 2), keys).softmax(dim=2)
        context = torch.bmm(values, attention.transpose(1, 2)).unflatten(2, maps.shape[2:])
        mixed: Tensor = maps + self.scale * self.mix(context)
        return mixed


def _layer(inputs: int, outputs: int, *, spectral: bool) -> nn.Module:
    layer = nn.Conv2d(inputs, outputs, 1, bias=False)
    return spectral_norm(layer) if spectral else layer
