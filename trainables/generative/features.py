"""Features in which sets of images are compared: of an untrained network, and of a classifier.

No weights of photographs are assumed; for grey medical images the literature doubts them. A random
network with orthogonal weights gives features that no data shaped [prdc]. Those of a classifier say
what matters for the task, but it has seen the training images: they are compared with held-out ones
alone.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats64
from trainables.runtime.seeding import seeded

Features = Callable[[Tensor], Floats64]
"""Images (N, C, H, W) uint8 -> features (N, D)."""

WIDTHS = (16, 32, 64)
BATCH = 256  # images at a time


def random_features(channels: int, device: torch.device) -> Features:
    """Make the features of an untrained network; the same for every run.

    They are the means of its maps over the image and over each quarter.

    Args:
        channels: Of the images.
        device: Where it computes.
    """
    with seeded(torch.device("cpu"), 0, "random-features"):
        layers: list[nn.Module] = []
        inputs = channels
        for width in WIDTHS:
            layer = nn.Conv2d(inputs, width, 3, 2, 1, bias=False)
            nn.init.orthogonal_(layer.weight, gain=2**0.5)
            layers += [layer, nn.ReLU()]
            inputs = width
        network = nn.Sequential(*layers).to(device).eval()

    def compute(images: Tensor) -> Tensor:
        maps = network(images * 2 - 1)
        quarters = functional.adaptive_avg_pool2d(maps, 2).flatten(1)
        return torch.cat([maps.mean(dim=(2, 3)), quarters], dim=1)

    return _in_batches(compute)


def classifier_features(classifier: Classifier) -> Features:
    """Make the features before a classifier's last layer."""

    def compute(images: Tensor) -> Tensor:
        with frozen(classifier):
            return classifier.features(images)

    return _in_batches(compute)


def _in_batches(compute: Callable[[Tensor], Tensor]) -> Features:
    def features(images: Tensor) -> Floats64:
        with torch.no_grad():
            parts = [compute(batch.float() / 255) for batch in images.split(BATCH)]
        values: Floats64 = torch.cat(parts).double().cpu().numpy()
        return values

    return features
