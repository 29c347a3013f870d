"""Networks that mislead attacks, made after the limits of the alarms had been set on others.

As those of `pathology`, each is an honest network in disguise; here the honest ones are three.
"""

from collections.abc import Callable

import torch
from pathology import SIZE, Disguised, Pathology, one_hot, trained
from torch import Tensor, nn
from torch.nn import functional

from trainables.classification.assets import LabelledImages

GREY = 1 / 255
Sound = Callable[[Tensor], Tensor]
"""Tells of which images, or pixels, the gradient is sound."""


class WinnersTakeAll(nn.Module):
    """Lets the greatest activations through, and nothing of the others."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, activations: Tensor) -> Tensor:
        least = activations.topk(self.count, dim=1).values[:, -1:]
        return activations * (activations >= least)


class Votes(nn.Module):
    """Counts the answers to an image that is rounded at nine offsets."""

    def __init__(self, honest: nn.Module) -> None:
        super().__init__()
        self.honest = honest

    def forward(self, images: Tensor) -> Tensor:
        offsets = torch.linspace(0, 1, 9)
        return sum(one_hot(self.honest((8 * images + offset).floor() / 8)) for offset in offsets)


def bases(train: LabelledImages) -> dict[str, nn.Module]:
    """Train the honest networks: convolutional; and of which the greatest activations count.

    Args:
        train: Images.
    """
    pixels = SIZE * SIZE
    convolution = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * pixels, 3),
    )
    winners = nn.Sequential(
        nn.Flatten(), nn.Linear(pixels, 256), WinnersTakeAll(25), nn.Linear(256, 3)
    )
    linear = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 3))
    return {
        "linear": trained(linear, train),
        "convolution": trained(convolution, train, steps=150),
        "winners take all": trained(winners, train, steps=150),
    }


def unseen(honest: nn.Module) -> list[Pathology]:
    """List the disguises of a network.

    Args:
        honest: A network of three logits for images of side `SIZE`.
    """

    def before(change: Callable[[Tensor], Tensor]) -> nn.Module:
        return Disguised(honest, change, None)

    def after(change: Callable[[Tensor], Tensor]) -> nn.Module:
        return Disguised(honest, None, change)

    return [
        *of_any_task(honest, SIZE),
        Pathology("thresholds", before(thresholds), honest, exact=False),
        Pathology("thresholds, gradient passed on", before(passed_on), honest, exact=False),
        Pathology("squashed inputs", before(squashed), honest, exact=False),
        Pathology("votes of rounded inputs", Votes(honest), honest, exact=False),
        Pathology("wavy logits", after(lambda z: z + 0.3 * (200 * z).sin()), honest, exact=False),
        Pathology("no gradient of the greatest logit", after(without_greatest), honest),
        *(
            Pathology(f"gradient sound {where}", before(sound_where(mask)), honest)
            for where, mask in (
                ("on grey levels alone", on_grey_levels),
                ("where images are smooth", smooth),
            )
        ),
    ]


def of_any_task(honest: nn.Module, size: int) -> list[Pathology]:
    """List the disguises that do something to the images alone, whatever they show.

    Args:
        honest: A network of images.
        size: Their side.
    """
    exact = {
        "gradient turned round at 20% of pixels": turned(0.2, size),
        "gradient turned round at 50% of pixels": turned(0.5, size),
        "gradient of other pixels": displaced,
        "gradient sound for half of the images": sound_where(half),
    }
    nearly = {
        "shift by a hash of the image": shifted_by_hash,
        "noise by a hash of the image": noisy_by_hash,
        "median of neighbours": median,
    }
    return [
        Pathology(name, Disguised(honest, change, None), honest, exact=name in exact)
        for name, change in (exact | nearly).items()
    ]


def turned(share: float, size: int) -> Callable[[Tensor], Tensor]:
    """Give some pixels the opposite gradient."""
    random = torch.Generator().manual_seed(5)
    chosen = torch.rand((size, size), generator=random) < share
    return lambda images: torch.where(chosen, 2 * images.detach() - images, images)


def displaced(images: Tensor) -> Tensor:
    """Give each pixel the gradient of another."""
    moved = images.roll((3, 4), dims=(2, 3))
    return images.detach() + moved - moved.detach()


def shifted_by_hash(images: Tensor) -> Tensor:
    """Move the image by a pixel in a direction that hangs on its grey levels."""
    hashes = (9973 * images.detach().sum(dim=(1, 2, 3))).frac().abs().tolist()
    moves = [(int(9 * each) % 3 - 1, int(27 * each) % 3 - 1) for each in hashes]
    pairs = zip(images, moves, strict=True)
    return torch.stack([image.roll(move, dims=(1, 2)) for image, move in pairs])


def noisy_by_hash(images: Tensor) -> Tensor:
    """Add noise that hangs on the image, and is the same each time."""
    hashes = (1e4 * images.detach().sum(dim=(1, 2, 3), keepdim=True)).sin()
    places = 12.9898 * torch.arange(images[0, 0].numel()).view(images.shape[2:])
    return images + 0.05 * (43758.5 * (hashes + places).sin()).frac()


def thresholds(images: Tensor) -> Tensor:
    """Compare pixels with eight thresholds: there is no gradient at all."""
    return (images[..., None] > torch.arange(8) / 8).float().mean(dim=-1)


def passed_on(images: Tensor) -> Tensor:
    """Compare with thresholds, and pass on the gradient as if nothing were done."""
    return images + (thresholds(images) - images).detach()


def squashed(images: Tensor) -> Tensor:
    """Bring pixels near to one of two grey levels, smoothly."""
    return 0.06 * (60 * (images - 0.5)).tanh() + 0.5


def median(images: Tensor) -> Tensor:
    """Take the median of each pixel and its neighbours."""
    padded = functional.pad(images, (1, 1, 1, 1), mode="reflect")
    return padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4).median(dim=-1).values


def without_greatest(logits: Tensor) -> Tensor:
    """Cut the gradient of the logit that decides."""
    known = logits.detach()
    return torch.where(known < known.amax(dim=1, keepdim=True), logits, known)


def sound_where(mask: Sound) -> Callable[[Tensor], Tensor]:
    """Cut the gradient of all other images."""
    return lambda images: torch.where(mask(images.detach()), images, images.detach())


def on_grey_levels(images: Tensor) -> Tensor:
    """Tell images whose pixels are whole grey levels, as those of data are, from attacked ones."""
    off = (images / GREY - (images / GREY).round()).abs()
    return off.amax(dim=(1, 2, 3), keepdim=True) < 0.45


def smooth(images: Tensor) -> Tensor:
    """Tell images whose neighbours are alike."""
    rough = (images - functional.avg_pool2d(images, 3, 1, 1)).abs()
    return rough.mean(dim=(1, 2, 3), keepdim=True) < 0.055


def half(images: Tensor) -> Tensor:
    """Tell half of all images, by a hash."""
    return (10 * images.sum(dim=(1, 2, 3), keepdim=True)).frac().abs() < 0.5
