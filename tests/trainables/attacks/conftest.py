"""Models whose answers to an attack are known: linear ones by formula, a small CNN by training."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Trained:
    """A small CNN in eval mode with the images (90, 1, 12, 12) and labels (90,) it gets right."""

    model: nn.Module
    images: Tensor
    labels: Tensor


@pytest.fixture(scope="session")
def blobs() -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """Make images of three classes: a faint bright blob, each class in another corner, in noise."""

    def make(count: int, seed: int) -> tuple[Tensor, Tensor]:
        rng = torch.Generator().manual_seed(seed)
        labels = torch.arange(count) % 3
        images = 0.5 + 0.1 * torch.randn((count, 1, 12, 12), generator=rng)
        for label, (top, left) in enumerate([(1, 1), (1, 7), (7, 4)]):
            images[labels == label, :, top : top + 4, left : left + 4] += 0.2
        return images.clamp(0, 1), labels

    return make


def train(images: Tensor, labels: Tensor, seed: int, classes: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(8 * 36, classes),
    )
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(40):
        optimiser.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimiser.step()
    return model.eval()


@pytest.fixture(scope="session")
def trained(blobs: Callable[[int, int], tuple[Tensor, Tensor]]) -> Trained:
    with torch.random.fork_rng():
        model = train(*blobs(240, 0), seed=0)
    images, labels = blobs(120, 1)
    right = model(images).argmax(dim=1) == labels
    assert right.float().mean() > 0.9, "the fixture's model must be worth attacking"
    return Trained(model, images[right][:90], labels[right][:90])


@pytest.fixture(scope="session")
def source(blobs: Callable[[int, int], tuple[Tensor, Tensor]]) -> nn.Module:
    """Train the same CNN on other images from other weights."""
    with torch.random.fork_rng():
        return train(*blobs(240, 2), seed=1)


def patches(count: int, seed: int, classes: int) -> tuple[Tensor, Tensor]:
    """Make images in which each class has another faint pattern of 4 x 4 patches, in noise."""
    patterns = torch.randint(2, (classes, 1, 3, 3), generator=torch.Generator().manual_seed(9))
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    images = 0.5 + 0.1 * torch.randn((count, 1, 12, 12), generator=rng)
    large = patterns.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    return (images + 0.2 * (large[labels] - 0.5)).clamp(0, 1), labels


@pytest.fixture(scope="session")
def ten() -> Trained:
    """A CNN of ten classes, as many as the authors' standard ensemble needs, with 60 images."""
    with torch.random.fork_rng():
        model = train(*patches(400, 0, classes=10), seed=0, classes=10)
    images, labels = patches(90, 1, classes=10)
    right = model(images).argmax(dim=1) == labels
    assert right.float().mean() > 0.8, "the fixture's model must be worth attacking"
    return Trained(model, images[right][:60], labels[right][:60])


class Linear(nn.Module):
    """Two logits 0 and w.x + b of normalised pixels, so that every worst case is known."""

    def __init__(self, pixels: int, scale: float) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(5)
        self.weight = nn.Parameter(torch.randn(pixels, generator=rng, dtype=torch.float64) / scale)
        self.scale = scale

    def forward(self, images: Tensor) -> Tensor:
        score = (((images - 0.5) * self.scale).flatten(1)) @ self.weight
        return torch.stack([torch.zeros_like(score), score], dim=1)

    def worst(self, images: Tensor, labels: Tensor, eps: float) -> Tensor:
        """Where the loss is greatest in the ball and in [0, 1]: against the weights for class 1."""
        push = torch.where(labels == 1, -1.0, 1.0)[:, None] * self.weight.sign()
        return (images + eps * push.view_as(images)).clamp(0, 1).detach()


@pytest.fixture(params=[1.0, 1e4], ids=["plain", "normalised-by-1e-4"])
def linear(request: pytest.FixtureRequest) -> Linear:
    return Linear(3 * 5 * 4, scale=request.param)
