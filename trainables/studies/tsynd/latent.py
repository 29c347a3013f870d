"""TSynD's generation: move latents to where the classifier is most uncertain [tsynd, eq. 1]."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.models.classifiers import Classifier
from trainables.studies.tsynd.uncertainty import Uncertainty

Objective = Callable[[Tensor], Tensor]  # images (N, C, H, W) -> what to maximise (N,)


@dataclass(frozen=True)
class Ascent:
    """The best that was seen of each image.

    Attributes:
        images: (N, C, H, W) in [0, 1].
        reached: The objective there, (N,).
    """

    images: Tensor
    reached: Tensor

    def seeing(self, images: Tensor, value: Tensor, near: Tensor) -> "Ascent":
        """Keep whichever is better and near enough, image by image; a NaN is never better."""
        better = (value > self.reached) & near
        kept = torch.where(better[:, None, None, None], images, self.images)
        return Ascent(kept, torch.where(better, value, self.reached))


def ascend(
    decode: Callable[[Tensor], Tensor],
    objective: Objective,
    start: Tensor,
    lr: float,
    iterations: int,
    max_shift: float = math.inf,
) -> Ascent:
    """Maximise an objective of decoded images over their latents, each image on its own.

    The optimiser, which the paper leaves open, is Adam with fresh state: under plain gradient steps
    the paper's learning rate of 0.1 leaves the image unchanged. The best iterate is kept, the start
    included, so that more iterations never lower what is reached.

    Args:
        decode: Latents (N, D, h, w) to images (N, C, H, W); the gradient is taken through it.
        objective: What to maximise. Its parameters and the decoder's must not require gradients.
        start: Latents (N, D, h, w).
        lr: Step size in latent units.
        iterations: Steps; 0 decodes the start.
        max_shift: An iterate counts only while the root mean square change of its pixels from the
            decoded start is at most this, in [0, 1].
    """
    adam = _Adam(start, lr)
    latents, best = start, None
    for iteration in range(iterations + 1):
        last = iteration == iterations
        latents = latents.detach().requires_grad_(not last)
        with torch.set_grad_enabled(not last):
            images = decode(latents)
            value = objective(images)
        shown, found = images.detach().float(), value.detach().float()
        if best is None:
            best, first = Ascent(shown, found), shown
        shift = (shown - first).square().mean(dim=(1, 2, 3)).sqrt()
        best = best.seeing(shown, found, shift <= max_shift)
        if not last:
            # The sum, not the mean: an image's path must not depend on how many share its batch.
            (gradient,) = torch.autograd.grad(value.sum(), latents)
            latents = latents.detach() + adam.step(gradient)
    if best is None:
        raise ValueError(f"iterations is {iterations}: choose 0 or more")
    return best


def uncertainty_of(
    classifier: Classifier, measure: Uncertainty, masks: Tensor, *, multi_label: bool
) -> Objective:
    """Make the objective of TSynD: the classifier's uncertainty under fixed dropout masks.

    The masks (K, F) stay the same for all images and iterations of one ascent, as consistent masks
    make the objective a function and not a noisy estimate [batchbald]. Only the last layer is
    repeated K times [tsynd, section 3.1].
    """
    folded = classifier.fold_masks(masks).detach()

    def objective(images: Tensor) -> Tensor:
        return measure(classifier.masked_logits(classifier.features(images), folded), multi_label)

    return objective


class _Adam:
    """Adam's steps for one tensor [adam]; torch.optim's state outlives a batch, this must not."""

    BETA1, BETA2, TINY = 0.9, 0.999, 1e-8

    def __init__(self, like: Tensor, lr: float) -> None:
        self.first = torch.zeros_like(like)
        self.second = torch.zeros_like(like)
        self.lr = lr
        self.steps = 0

    def step(self, gradient: Tensor) -> Tensor:
        """Return the move, uphill, for a gradient of the same shape."""
        self.steps += 1
        self.first.lerp_(gradient, 1 - self.BETA1)
        self.second.lerp_(gradient.square(), 1 - self.BETA2)
        scale = (self.second / (1 - self.BETA2**self.steps)).sqrt_().add_(self.TINY)
        return self.first / scale * (self.lr / (1 - self.BETA1**self.steps))
