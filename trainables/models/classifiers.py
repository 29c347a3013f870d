"""Classifiers by name, with normalisation inside, so that attacks see pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.models.bodies.body import Body, BuildBody, Shape
from trainables.models.bodies.cnn import build_cnn
from trainables.models.bodies.densenet import build_densenet
from trainables.models.bodies.monai_networks import build_resnet, build_seresnet50
from trainables.models.bodies.resnet import build_resnet18
from trainables.models.bodies.wide_resnet import build_wide_resnet

KINDS = {2: "images", 3: "volumes"}  # by the number of spatial dimensions


@final
class Classifier(nn.Module):
    """Normalisation, a convolutional body, global pooling, dropout and one linear layer.

    The dropout stands before the last layer only, so that K dropout masks cost one matrix product
    on features that are computed once [tsynd, section 3.1].

    Args:
        body: Maps images (N, C, H, W) or volumes (N, C, D, H, W) to maps of F features.
        n_classes: Logits; two for a binary task, one per label for a multi-label task.
        dropout: Probability of dropping a feature, in [0, 1).
    """

    def __init__(self, body: Body, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.n_features, n_classes)
        self.dropout = nn.Dropout(dropout)

    def features(self, images: Tensor) -> Tensor:
        """Compute pooled features, (N, F), of images or volumes (N, C, *shape) in [0, 1]."""
        # MedMNIST's benchmark normalises by mean 0.5 and deviation 0.5 [medmnist].
        maps: Tensor = self.body(images * 2 - 1)
        return maps.mean(dim=tuple(range(2, maps.ndim)))

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (N, n_classes) of images or volumes (N, C, *shape) in [0, 1]."""
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


@dataclass(frozen=True)
class Architecture:
    """A network by name.

    Attributes:
        build: Makes the untrained layers.
        dimensions: Of what it takes: 2 for images, 3 for volumes.
    """

    build: BuildBody
    dimensions: tuple[int, ...] = (2,)


ANY, VOLUMES = (2, 3), (3,)
# Our own, the smallest first: it is a CPU's default. MONAI's are an extra.
BODIES: Mapping[str, Architecture] = {
    "cnn": Architecture(build_cnn, ANY),
    "densenet": Architecture(partial(build_densenet, growth=12, layers=6)),
    "resnet18-16": Architecture(partial(build_resnet18, width=16), ANY),
    "resnet18": Architecture(partial(build_resnet18, width=64), ANY),
    "resnet18-16-2.5d": Architecture(partial(build_resnet18, width=16, kind="2.5d"), VOLUMES),
    "resnet18-2.5d": Architecture(partial(build_resnet18, width=64, kind="2.5d"), VOLUMES),
    "resnet18-16-acs": Architecture(partial(build_resnet18, width=16, kind="acs"), VOLUMES),
    "resnet18-acs": Architecture(partial(build_resnet18, width=64, kind="acs"), VOLUMES),
    **{
        f"wrn-16-{width}": Architecture(partial(build_wide_resnet, depth=16, width=width), ANY)
        for width in (2, 4, 8)
    },
    "monai-resnet18-16": Architecture(
        partial(build_resnet, block="basic", blocks=(2, 2, 2, 2), width=16), ANY
    ),
    "monai-resnet18": Architecture(
        partial(build_resnet, block="basic", blocks=(2, 2, 2, 2), width=64), ANY
    ),
    "monai-resnet50": Architecture(
        partial(build_resnet, block="bottleneck", blocks=(3, 4, 6, 3), width=64), ANY
    ),
    "monai-seresnet50": Architecture(build_seresnet50, ANY),
}


def build_classifier(
    name: str, channels: int, shape: Shape, n_classes: int, dropout: float = 0.5
) -> Classifier:
    """Build a classifier by name.

    Args:
        name: A key of BODIES.
        channels: Image channels.
        shape: Height and width in pixels; of volumes depth, height and width in voxels.
        n_classes: Logits; two for a binary task, one per label for a multi-label task.
        dropout: Probability of dropping a feature before the last layer, in [0, 1).

    Raises:
        UserError: If the name is unknown, or the network does not exist for that many dimensions.
    """
    architecture = lookup(BODIES, name, "classifier")
    if len(shape) not in architecture.dimensions:
        raise UserError(_wrong_dimensions(name, len(shape)))
    return Classifier(architecture.build(channels, shape), n_classes, dropout)


def _wrong_dimensions(name: str, dimensions: int) -> str:
    takes = " and ".join(KINDS[number] for number in BODIES[name].dimensions)
    fitting = [name for name, body in BODIES.items() if dimensions in body.dimensions]
    remedy = f"choose from {', '.join(fitting)}" if fitting else "no classifier does yet"
    return f"classifier '{name}' takes {takes}, not {KINDS[dimensions]}: {remedy}"
