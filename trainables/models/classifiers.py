"""Classifiers by name, with normalisation inside, so that attacks see pixels."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

from searchspace.names import lookup
from trainables.models.cnn import SmallCNN
from trainables.models.densenet import DenseNet
from trainables.models.resnet import ResNet18

Body = SmallCNN | DenseNet | ResNet18


@final
class Classifier(nn.Module):
    """Normalisation, a convolutional body, global pooling, dropout and one linear layer.

    The dropout stands before the last layer only, so that K dropout masks cost one matrix product
    on features that are computed once [tsynd, section 3.1].

    Args:
        body: Maps (N, C, H, W) to (N, F, h, w).
        n_classes: Logits; two for a binary task, one per label for a multi-label task.
        dropout: Probability of dropping a feature, in [0, 1).
    """

    def __init__(self, body: Body, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.n_features, n_classes)
        self.dropout = nn.Dropout(dropout)

    def features(self, images: Tensor) -> Tensor:
        """Compute pooled features, (N, F), of images (N, C, H, W) in [0, 1]."""
        # MedMNIST's benchmark normalises by mean 0.5 and deviation 0.5 [medmnist].
        maps: Tensor = self.body(images * 2 - 1)
        return maps.mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (N, n_classes) of images (N, C, H, W) in [0, 1]."""
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits

    def draw_masks(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw K dropout masks, (K, F), scaled as in training: each entry is 0 or 1 / (1 - p)."""
        keep = 1 - self.dropout.p
        shape = (count, self.head.in_features)
        uniform = torch.rand(shape, generator=generator, device=generator.device)
        return (uniform < keep).to(self.head.weight) / keep

    def fold_masks(self, masks: Tensor) -> Tensor:
        """Fold K masks into the last layer: a weight (F, K * n_classes) for `masked_logits`."""
        folded = masks[:, None, :] * self.head.weight[None]  # (K, n_classes, F)
        return folded.flatten(0, 1).T.contiguous()

    def masked_logits(self, features: Tensor, folded: Tensor) -> Tensor:
        """Apply all masks in one product: features (N, F) to logits (N, K, n_classes)."""
        logits: Tensor = (features @ folded).unflatten(1, (-1, self.head.out_features))
        return logits + self.head.bias


# The smallest first: it is a CPU's default. Each takes image channels and the size in pixels.
BODIES: Mapping[str, Callable[[int, int], Body]] = {
    "cnn": partial(SmallCNN, width=16),
    "densenet": partial(DenseNet, growth=12, layers=6),
    "resnet18-16": partial(ResNet18, width=16),
    "resnet18": partial(ResNet18, width=64),
}


def build_classifier(
    name: str, channels: int, size: int, n_classes: int, dropout: float = 0.5
) -> Classifier:
    """Build a classifier by name.

    Args:
        name: A key of BODIES.
        channels: Image channels.
        size: Height and width in pixels.
        n_classes: Logits; two for a binary task, one per label for a multi-label task.
        dropout: Probability of dropping a feature before the last layer, in [0, 1).

    Raises:
        UserError: If the name is unknown.
    """
    body = lookup(BODIES, name, "classifier")(channels, size)
    return Classifier(body, n_classes, dropout)
