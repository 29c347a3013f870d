"""Networks that look more robust than they are, each with what it really withstands.

Each is an honest network in disguise: something is done to its images or its logits that hinders
attacks, while its answers stay the same, or nearly so. The honest network is the *twin*, whose
gradient is sound: what is found on it is shown to the network itself, and so the truth is known.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.attacks.apgd import APGD
from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.square import Square
from trainables.attacks.transfer import Transfer
from trainables.classification.assets import LabelledImages
from trainables.metrics.curve import area

CLASSES, SIZE = 3, 10
EPS = (0.0, 6 / 255, 12 / 255, 18 / 255, 24 / 255)
Change = Callable[[Tensor], Tensor]


class Disguised(nn.Module):
    """An honest network, with something done to its images before or its logits after it."""

    def __init__(self, honest: nn.Module, before: Change | None, after: Change | None) -> None:
        super().__init__()
        self.honest, self.before, self.after = honest, before, after

    def forward(self, images: Tensor) -> Tensor:
        images = self.before(images) if self.before else images
        logits = self.honest(images)
        return self.after(logits) if self.after else logits


class Tempered(nn.Module):
    """Scales the logits by a temperature that depends on the image, and whose gradient misleads."""

    def __init__(self, honest: nn.Module) -> None:
        super().__init__()
        self.honest = honest

    def forward(self, images: Tensor) -> Tensor:
        waves = (2000 * images).sin().flatten(1).mean(dim=1, keepdim=True)
        return self.honest(images) * (20 * waves).exp()


class Decoy(nn.Module):
    """Answers as the honest network does, and offers the gradient of another one."""

    def __init__(self, honest: nn.Module, scale: float) -> None:
        super().__init__()
        self.honest = honest
        random = torch.Generator().manual_seed(1)
        self.weight = scale * torch.randn((SIZE * SIZE, CLASSES), generator=random)

    def forward(self, images: Tensor) -> Tensor:
        offered = images.flatten(1) @ self.weight
        return self.honest(images).detach() + offered - offered.detach()


class Cut(nn.Module):
    """Cuts the gradient at some pixels; at the others it is sound."""

    def __init__(self, honest: nn.Module, share: float, size: int) -> None:
        super().__init__()
        self.honest = honest
        random = torch.Generator().manual_seed(3)
        self.cut = torch.rand((size, size), generator=random) < share

    def forward(self, images: Tensor) -> Tensor:
        return self.honest(torch.where(self.cut, images.detach(), images))


class Sparse(nn.Module):
    """Drops the smallest entries of the gradient, which hold a share of its sum of squares."""

    def __init__(self, honest: nn.Module, share: float) -> None:
        super().__init__()
        self.honest, self.share = honest, share

    def forward(self, images: Tensor) -> Tensor:
        return self.honest(WithoutSmallest.apply(images, self.share))


class WithoutSmallest(torch.autograd.Function):
    """Leaves images as they are, and drops small entries of their gradients."""

    @staticmethod
    def forward(ctx, images: Tensor, share: float) -> Tensor:
        ctx.share = share
        return images.clone()

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        squares = gradient.flatten(1).square()
        ordered = squares.sort(dim=1).values
        dropped = ordered.cumsum(dim=1) < ctx.share * squares.sum(dim=1, keepdim=True)
        greatest = (ordered * dropped).amax(dim=1, keepdim=True)
        return gradient * (squares > greatest).view_as(gradient), None


class Nearest(nn.Module):
    """Answers with the class of the nearest of 30 images: the distances, or the class alone."""

    def __init__(self, train: LabelledImages, *, certain: bool) -> None:
        super().__init__()
        self.images, self.labels = train.images[:30].flatten(1).float() / 255, train.labels[:30]
        self.certain = certain

    def forward(self, images: Tensor) -> Tensor:
        differences = images.flatten(1)[:, None] - self.images
        distances = differences.square().sum(dim=2)
        classes = [distances[:, self.labels == label].amin(dim=1) for label in range(CLASSES)]
        logits = -torch.stack(classes, dim=1)
        return one_hot(logits) if self.certain else logits


class Alternating(nn.Module):
    """Answers every second time a little differently."""

    def __init__(self, honest: nn.Module) -> None:
        super().__init__()
        self.honest, self.calls = honest, 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        return self.honest(images) + 0.05 * (self.calls % 2)


def one_hot(logits: Tensor) -> Tensor:
    """Say the class and nothing else."""
    return functional.one_hot(logits.argmax(dim=1), CLASSES).float() + 0 * logits


def margins(logits: Tensor) -> Tensor:
    """Return how far each logit lies above the greatest of the others."""
    lowest = torch.eye(logits.shape[1]).mul(-math.inf).nan_to_num(0, 0, -math.inf)
    return logits - (logits[:, None] + lowest).amax(dim=2)


def steps(values: Tensor, count: int) -> Tensor:
    """Round to multiples of 1 / count; the gradient is 0."""
    return (count * values).round() / count


def half_rounded(images: Tensor) -> Tensor:
    """Round every second column; at the others the gradient is sound."""
    rounded = torch.arange(images.shape[-1]) % 2 == 0
    return torch.where(rounded, steps(images, 8), images)


def compressed(images: Tensor) -> Tensor:
    """Round the coefficients of a cosine transform, as JPEG does; the gradient is 0."""
    size = images.shape[-1]
    angles = math.pi / size * torch.outer(torch.arange(size), torch.arange(size) + 0.5)
    basis = angles.cos() * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis.T @ steps(basis @ images @ basis.T, 5) @ basis


def shifted(images: Tensor) -> Tensor:
    """Move the image by a random pixel, as a random resize does."""
    moves = [int(torch.randint(-1, 2, ())) for _ in range(2)]
    return images.roll(moves, dims=(2, 3))


def rippled(images: Tensor) -> Tensor:
    """Add ripples too small to see, with a gradient that is all they show."""
    return images + 0.01 * (3000 * images).sin()


def masked(images: Tensor) -> Tensor:
    """Blank what is neither light nor dark; the gradient there is 0."""
    return torch.where((images - 0.5).abs() < 0.06, 0.5, images)


@dataclass(frozen=True, eq=False)
class Pathology:
    """A network that misleads attacks.

    Attributes:
        name: What is wrong with it.
        model: The network.
        twin: An honest network that answers alike, or nearly so.
        exact: Whether it answers alike.
    """

    name: str
    model: nn.Module
    twin: nn.Module
    exact: bool = True


def pathologies(honest: nn.Module, train: LabelledImages) -> list[Pathology]:
    """List the networks; the first few lose nothing but the scale of their logits.

    Args:
        honest: A network of `CLASSES` logits for images of side `SIZE`.
        train: The images that the memorising network knows.
    """

    def after(change: Change) -> nn.Module:
        return Disguised(honest, None, change)

    def before(change: Change) -> nn.Module:
        return Disguised(honest, change, None)

    near, memory = (Nearest(train, certain=certain) for certain in (False, True))
    constant = after(lambda z: 0 * z + torch.tensor([0.0, 1.0, 0.0]))
    return [
        *(Pathology(f"logits x {k:g}", after(_scaled(k)), honest) for k in (1e-4, 16, 100, 1000)),
        Pathology("logits + 1e6", after(lambda z: z + 1e6), honest, exact=False),
        Pathology("quantised outputs", after(lambda z: steps(margins(z), 2)), honest, exact=False),
        Pathology("one-hot outputs", after(one_hot), honest),
        Pathology("saturated softmax", after(lambda z: (1e3 * z).softmax(dim=1)), honest),
        Pathology("dead ReLU", after(lambda z: (0.05 + margins(z)).clamp(0, 0.1)), honest),
        Pathology("misleading temperature", Tempered(honest), honest),
        Pathology("gradient of a decoy", Decoy(honest, 1e-6), honest),
        Pathology("gradient of a decoy, of honest size", Decoy(honest, 1.0), honest),
        *(
            Pathology(f"gradient cut at {share:.0%} of pixels", Cut(honest, share, SIZE), honest)
            for share in (0.3, 0.5, 0.9)
        ),
        *(
            Pathology(f"small entries dropped, {share:.0%}", Sparse(honest, share), honest)
            for share in (0.2, 0.27)
        ),
        Pathology("shattered gradients", before(rippled), honest, exact=False),
        Pathology("rounded inputs", before(lambda x: steps(x, 8)), honest, exact=False),
        Pathology("every second column rounded", before(half_rounded), honest, exact=False),
        Pathology("compressed inputs", before(compressed), honest, exact=False),
        Pathology("masked inputs", before(masked), honest, exact=False),
        Pathology("memory of training images", memory, near),
        Pathology("constant", constant, constant),
        Pathology("noisy outputs", after(lambda z: z + 0.1 * torch.randn_like(z)), honest, False),
        Pathology("random shifts of inputs", before(shifted), honest, exact=False),
        Pathology("alternating outputs", Alternating(honest), honest, exact=False),
    ]


def _scaled(factor: float) -> Change:
    return lambda logits: factor * logits


def truth(pathology: Pathology, data: LabelledImages, seed: int = 0) -> float:
    """Compute the area under the balanced accuracy of what the network really withstands.

    The twin is attacked by its gradient, and the network sees the result, besides guesses.
    """
    transfer = Transfer(source=pathology.twin, attack=APGD(iterations=50, restarts=2))
    ensemble = {"twin": transfer, "square": Square(queries=500)}
    images = data.images.float() / 255
    report = run_ensemble(
        pathology.model, images, data.labels, "multi-class", ensemble, EPS, seed=seed
    )
    return area(EPS, report.worst.curve("bacc"))


def noisy_blobs(count: int, seed: int) -> LabelledImages:
    """Make images of three classes: a faint blob, each class in another corner, in noise."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % CLASSES
    images = 0.5 + 0.06 * torch.randn((count, 1, SIZE, SIZE), generator=random)
    for label, (top, side) in enumerate([(1, 1), (1, 6), (6, 3)]):
        images[labels == label, :, top : top + 3, side : side + 3] += 0.12
    return LabelledImages((255 * images.clamp(0, 1)).round().to(torch.uint8), labels)


def linear_network(train: LabelledImages, seed: int = 0) -> nn.Module:
    """Train a linear network, whose every worst case is known."""
    return trained(nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, CLASSES)), train, seed)


def trained(
    model: nn.Module, train: LabelledImages, seed: int = 0, *, steps: int = 60, lr: float = 1e-2
) -> nn.Module:
    """Train a network on all images at once, from weights that the seed draws."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                module.reset_parameters()
        optimiser = torch.optim.Adam(model.parameters(), lr)
        for _ in range(steps):
            optimiser.zero_grad()
            logits = model(train.images.float() / 255 - 0.5)
            functional.cross_entropy(logits, train.labels).backward()
            optimiser.step()
    return nn.Sequential(Centred(), model).eval()


class Centred(nn.Module):
    """Moves pixels from [0, 1] to [-0.5, 0.5]."""

    def forward(self, images: Tensor) -> Tensor:
        return images - 0.5
