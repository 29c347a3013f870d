"""What the outputs of a model and their gradients say of the attacks that follow them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.attacks.signs.derivative import contradicted
from trainables.losses.likelihood import margin
from trainables.models.input_gradient import gradient_of
from trainables.models.modes import frozen

LEAST_REACH = 0.01  # of what is at stake, which an image's gradient must reach
DIRECTIONS = 16  # small random changes of every image, by which its gradient is checked
LEAST_EXPLAINED = 0.6  # of what they do, which an image's gradient must say
# Of a grey level: more than half, so that rounding images to grey levels is no sign by itself.
STEP = 0.6 / 255


def vanishing(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Find the images whose gradient says that no change could matter.

    The margin changes by at most the sum of the gradient's absolute values, to first order, if
    every pixel moves by the whole range of [0, 1]. Where this is less than a hundredth of the
    margin, the gradient denies what any other image proves: it is zero, or next to it. The scale of
    the logits does not matter.

    Args:
        model: Maps images to logits (n, K).
        images: In [0, 1], (n, C, ...).
        labels: int64 (n,).

    Returns:
        bool (n,).
    """
    margins, reached = reach(model, images, lambda logits: margin(logits, labels.clone()))
    return denied(reached, margins.abs())


def denied(reached: Tensor, stake: Tensor) -> Tensor:
    """Find where a gradient reaches less than a hundredth of what is at stake, or is not finite.

    Args:
        reached: By each image's gradient, (n,).
        stake: By how much an honest model's score could change at least, (n,).

    Returns:
        bool (n,).
    """
    return (reached <= LEAST_REACH * stake) | ~reached.isfinite()


def reach(
    model: nn.Module, images: Tensor, score: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Score a model's outputs, and sum the absolute values of the gradient of each image's score.

    The sum is by how much the score changes, to first order, if every pixel moves by 1, up or down.

    Args:
        model: Maps images to outputs (n, ...).
        images: (n, C, ...).
        score: Maps outputs to one number an image, (n,).

    Returns:
        The scores and the sums, (n,) each.
    """
    scores, gradient = gradient_of(model, images, score)
    return scores, gradient.abs().flatten(1).sum(dim=1)


def misled(model: nn.Module, images: Tensor, labels: Tensor, seed: int) -> Tensor:
    """Find the images whose gradient does not say what small changes of them do to the margin.

    Args:
        model: Maps images to logits (n, K).
        images: In [0, 1], (n, C, ...); moved inwards by `STEP` where they touch a bound.
        labels: int64 (n,).
        seed: Of the changes.

    Returns:
        bool (n,).
    """
    inside = images.clamp(STEP, 1 - STEP)
    return unexplained(model, inside, lambda z: margin(z, labels.clone()), STEP, seed)


def unexplained(
    model: nn.Module, images: Tensor, score: Callable[[Tensor], Tensor], step: float, seed: int
) -> Tensor:
    """Find the images whose gradient leaves much unsaid of what small random changes do.

    Every pixel moves by a step, up or down at random, and then the other way: to first order the
    score changes by the sum of the gradient's values, each times twice its pixel's move. If the
    gradient is cut at some pixels, or belongs to another function, part of the change is missing.
    What is missing is squared and summed over `DIRECTIONS` changes of each image.

    Where nothing changes, nothing is missing: `denied` speaks of gradients that are zero.

    Much means two fifths, as honest networks bend that much within a wide step. A gradient that
    lacks less is seen by far smaller moves, within which they hardly bend: `contradicted`.

    Args:
        model: Maps images to outputs (n, ...).
        images: (n, C, ...).
        score: Maps outputs to one number an image, (n,).
        step: By which a pixel moves.
        seed: Of the changes.

    Returns:
        bool (n,).
    """
    _, gradient = gradient_of(model, images, score)
    generator = torch.Generator().manual_seed(seed)
    missing, total = (torch.zeros(len(images), dtype=torch.float64) for _ in range(2))
    for _ in range(DIRECTIONS):
        coins = torch.randint(0, 2, images.shape, generator=generator)
        move = step * (2.0 * coins - 1).to(images)
        with frozen(model), torch.no_grad():
            change = score(model(images + move)) - score(model(images - move))
        said = 2 * (gradient * move).flatten(1).sum(dim=1)
        missing += (change - said).double().square().cpu()
        total += change.double().square().cpu()
    unsaid = ~(missing <= (1 - LEAST_EXPLAINED) * total)
    return unsaid | contradicted(model, images, score, step, seed)


def rounding(logits: Tensor) -> float:
    """Compute how large the rounding of single precision is beside what tells images apart.

    Args:
        logits: (n, K), K at least 2.

    Returns:
        The rounding of the greatest logit, divided by the standard deviation over images of the
        differences between logits; infinite where all images get the same.
    """
    differences = (logits.double() - logits[:, :1].double())[:, 1:]
    spread = float(differences.std(dim=0, correction=0).max())
    unit = torch.finfo(torch.float32).eps / 2 * float(logits.abs().max())
    return unit / spread if spread > 0 else float("inf")
