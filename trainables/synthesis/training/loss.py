"""What training lowers, and attacks in training raise: an error weighted on the head."""

from collections.abc import Callable, Mapping

from torch import Tensor

from trainables.losses.likelihood import Loss
from trainables.synthesis.slices import SCALE_HU

KNEE = 100 / SCALE_HU  # of the Huber loss: 100 HU


def _huber(errors: Tensor) -> Tensor:
    sizes = errors.abs()
    return (sizes < KNEE).to(sizes.dtype) * (errors.square() / (2 * KNEE) - sizes + KNEE / 2) + (
        sizes - KNEE / 2
    )


PIXELS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mse": lambda errors: errors.square(),
    "l1": lambda errors: errors.abs(),
    "huber": _huber,
}


def training_loss(name: str, background: float) -> Loss:
    """Make the loss of a recipe: the weighted mean over the pixels of each slice.

    Args:
        name: A key of `PIXELS`.
        background: Weight of pixels outside the head; inside it is 1.

    Returns:
        From predictions (N, 1, H, W) and targets of CT and head (N, 2, H, W) to (N,).
    """
    pixel = PIXELS[name]

    def loss(prediction: Tensor, target: Tensor) -> Tensor:
        weights = background + (1 - background) * target[:, 1:]
        errors = pixel(prediction - target[:, :1]) * weights
        return errors.flatten(1).sum(dim=1) / weights.flatten(1).sum(dim=1).clamp_min(1)

    return loss
