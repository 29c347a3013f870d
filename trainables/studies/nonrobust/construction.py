"""Images that carry what one network sees, and little of what people or robust networks see.

A nonrobust set: a source network takes each image for a target class after a change that is small
in the Euclidean norm, and the target becomes the label [ilyas, section 3.2]. Whoever learns from it
what holds for clean images has learned features that a small change can turn around. A robust set:
images whose features in a robust network are those of a training image, begun at another one
[ilyas, section 3.1].
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trainables.losses.likelihood import log_odds
from trainables.models.classifiers import Classifier
from trainables.models.input_gradient import input_gradient
from trainables.models.modes import frozen
from trainables.runtime.seeding import generator

VALUES = 28 * 28  # of an image for which a radius is stated
STEP = 0.25  # of the radius
FEATURE_STEP = 0.1  # Euclidean length, of a robust set, for an image of VALUES
BATCH = 256  # images at a time; affects memory, not the result


def radius_of(images: Tensor, radius: float) -> float:
    """Return the Euclidean radius of images of any size for one stated for 28 x 28 grey pixels.

    The root mean square change of a value is the same.

    Args:
        images: (N, C, ...).
        radius: Stated for `VALUES` values, in pixels of [0, 1].
    """
    return radius * math.sqrt(images[0].numel() / VALUES)


def random_targets(labels: Tensor, n_classes: int, seed: int) -> Tensor:
    """Draw a class for each image from all classes, its own included, whatever its label.

    Args:
        labels: int64 (N,); only their number counts.
        n_classes: K.
        seed: Of the draw.
    """
    stream = generator(torch.device("cpu"), seed, "targets")
    return torch.randint(n_classes, (len(labels),), generator=stream).to(labels.device)


def next_targets(labels: Tensor, n_classes: int) -> Tensor:
    """Return the class after that of each image: what is robust then speaks for a wrong class."""
    return (labels + 1) % n_classes


def move_towards(
    source: nn.Module, images: Tensor, targets: Tensor, radius: float, steps: int
) -> Tensor:
    """Change images so that a network takes them for their targets, by projected descent.

    Each step goes a quarter of the radius against the gradient of the log-odds that the target is
    wrong, whose direction is that of the cross-entropy at any margin. Every step ends inside the
    ball and inside [0, 1]. An image without a gradient stays as it is.

    Args:
        source: Maps images to logits (N, K); used in eval mode.
        images: Floating, in [0, 1], (N, C, ...).
        targets: int64 (N,).
        radius: Greatest Euclidean length of a change, above 0.
        steps: At least 1.

    Returns:
        Images of the same shape, detached.
    """

    def descend(clean: Tensor, classes: Tensor) -> Tensor:
        change = torch.zeros_like(clean)
        for _ in range(steps):
            direction = _unit(_slope(lambda x: log_odds(source(x), classes), clean + change))
            change = change - STEP * radius * direction
            change = change * (radius / _length(change).clamp_min(1e-30)).clamp_max(1)
            change = (clean + change).clamp(0, 1) - clean
        return (clean + change).clamp(0, 1)

    return _by_batch(source, descend, images, targets)


def match_features(robust: Classifier, images: Tensor, starts: Tensor, steps: int) -> Tensor:
    """Change other images until their pooled features in a network are those of some images.

    Args:
        robust: The network, used in eval mode.
        images: Whose features are matched, in [0, 1], (N, C, ...).
        starts: Of the same shape: other images, in any order.
        steps: At least 1, each of `FEATURE_STEP`.

    Returns:
        Images of the same shape, in [0, 1], detached.
    """
    length = radius_of(images, FEATURE_STEP)

    def descend(clean: Tensor, start: Tensor) -> Tensor:
        with torch.no_grad():
            features = robust.features(clean)
        moved = start
        for _ in range(steps):
            slope = _slope(lambda x: (robust.features(x) - features).square().sum(dim=1), moved)
            moved = (moved - length * _unit(slope)).clamp(0, 1)
        return moved

    return _by_batch(robust, descend, images, starts)


def add_noise(images: Tensor, radius: float, seed: int) -> Tensor:
    """Change each image by noise of a Euclidean length in a random direction, inside [0, 1].

    Args:
        images: Floating, in [0, 1], (N, C, ...).
        radius: The length before the bounds cut it.
        seed: Of the noise.
    """
    stream = generator(images.device, seed, "noise")
    noise = torch.randn(images.shape, generator=stream, device=images.device, dtype=images.dtype)
    return (images + radius * _unit(noise)).clamp(0, 1)


@dataclass(frozen=True)
class Making:
    """How a set of images came out.

    Attributes:
        fooled: Share of the images that the network takes for their targets.
        length: Median Euclidean length of the change.
        greatest: Median of the greatest change of a pixel, in pixels of [0, 1].
    """

    fooled: float
    length: float
    greatest: float


def describe(source: nn.Module, images: Tensor, clean: Tensor, targets: Tensor) -> Making:
    """Measure how often a network takes images for their targets, and how far they moved.

    Args:
        source: Maps images to logits (N, K).
        images: (N, C, ...).
        clean: What they were made from.
        targets: int64 (N,).
    """
    with frozen(source), torch.no_grad():
        answers = torch.cat([source(batch).argmax(dim=1) for batch in images.split(BATCH)])
    change = (images - clean).flatten(1)
    return Making(
        fooled=float((answers == targets).double().mean()),
        length=float(change.norm(dim=1).median()),
        greatest=float(change.abs().amax(dim=1).median()),
    )


def _by_batch(
    network: nn.Module, change: Callable[[Tensor, Tensor], Tensor], images: Tensor, partners: Tensor
) -> Tensor:
    with frozen(network), torch.enable_grad():
        pairs = zip(images.split(BATCH), partners.split(BATCH), strict=True)
        return torch.cat([change(*pair).detach() for pair in pairs])


def _slope(loss: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return the gradient of a loss per image (N,) at images (N, C, ...)."""
    variable = images.detach().requires_grad_()
    return input_gradient(loss(variable), variable)


def _length(values: Tensor) -> Tensor:
    """Return the Euclidean length of each image, (N, 1, ...)."""
    lengths: Tensor = values.flatten(1).norm(dim=1)
    return lengths.reshape(-1, *[1] * (values.ndim - 1))


def _unit(values: Tensor) -> Tensor:
    """Scale each image to length 1, however small it is; one that is 0 everywhere stays so."""
    peak = values.flatten(1).abs().amax(dim=1).reshape(-1, *[1] * (values.ndim - 1))
    scaled = values / peak.clamp_min(torch.finfo(values.dtype).tiny)  # of length 1 and more, or 0
    return scaled / _length(scaled).clamp_min(1)
