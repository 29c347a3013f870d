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
    """The best version of each image so far.

    Attributes:
        images: (N, C, H, W) in [0, 1].
        values: The objective of each, (N,).
    """

    images: Tensor
    values: Tensor

    def update(self, images: Tensor, values: Tensor, near: Tensor) -> "Ascent":
        """Take over the images that are better and near enough; NaN is never better.

        Args:
            images: The next version of each image, (N, C, H, W).
            values: The objective of each, (N,).
            near: Whether each lies within the greatest shift, (N,).
        """
        better = (values > self.values) & near
        best = torch.where(better[:, None, None, None], images, self.images)
        return Ascent(best, torch.where(better, values, self.values))


def ascend(
    decode: Callable[[Tensor], Tensor],
    objective: Objective,
    start: Tensor,
    lr: float,
    iterations: int,
    max_shift: float = math.inf,
) -> Ascent:
    """Maximise an objective of decoded images over their latents, each image on its own.

    The paper does not name the optimiser. Here it is Adam with fresh state: under plain gradient
    steps the paper's learning rate of 0.1 leaves the image unchanged. The result is the best
    iterate, the start included, so that more iterations never lower the objective.

    Args:
        decode: Latents (N, D, h, w) to images (N, C, H, W); the gradient is taken through it.
        objective: To maximise. Its parameters and the decoder's must not require gradients.
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
        iterate, values = images.detach().float(), value.detach().float()
        if best is None:
            best, first = Ascent(iterate, values), iterate
        shift = (iterate - first).square().mean(dim=(1, 2, 3)).sqrt()
        best = best.update(iterate, values, shift <= max_shift)
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

    The masks stay the same for all images and iterations of one ascent: consistent masks make the
    objective a function and not a noisy estimate [batchbald]. Only the last layer is repeated K
    times [tsynd, section 3.1].

    Args:
        classifier: Frozen by the caller.
        measure: Of uncertainty.
        masks: K dropout masks of F features, (K, F).
        multi_label: Whether each logit is a label of its own.
    """
    folded = classifier.fold_masks(masks).detach()

    def objective(images: Tensor) -> Tensor:
        return measure(classifier.masked_logits(classifier.features(images), folded), multi_label)

    return objective


class _Adam:
    """Adam's steps for one tensor [adam]; the state lasts for one ascent only."""

    BETA1, BETA2, TINY = 0.9, 0.999, 1e-8

    def __init__(self, like: Tensor, lr: float) -> None:
        self.first = torch.zeros_like(like)
        self.second = torch.zeros_like(like)
        self.lr = lr
        self.steps = 0

    def step(self, gradient: Tensor) -> Tensor:
        """Return the step uphill for a gradient of the same shape."""
        self.steps += 1
        self.first.lerp_(gradient, 1 - self.BETA1)
        self.second.lerp_(gradient.square(), 1 - self.BETA2)
        scale = (self.second / (1 - self.BETA2**self.steps)).sqrt_().add_(self.TINY)
        return self.first / scale * (self.lr / (1 - self.BETA1**self.steps))
