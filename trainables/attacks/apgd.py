"""Auto-PGD: PGD that halves its own steps, for any number of classes and dimensions."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst, per_image
from trainables.losses.likelihood import Loss, log_odds, margin, targeted_loss

# When the step may be halved, in hundredths of the iterations: windows of 22, each 3 shorter than
# the one before, down to 6.
_CHECKPOINTS = (22, 41, 57, 70, 80, 87, 93, 99)
_MOMENTUM = 0.75  # alpha, the weight of the new step
_INCREASING = 0.75  # rho, the share of steps of a window that must raise the loss


@final
@dataclass(frozen=True, kw_only=True)
class APGD(Attack):
    """Steps with momentum, from 2 eps down, halved where the loss stalls [apgd, algorithm 1].

    Attributes:
        iterations: Gradient steps of each restart, at least 1.
        restarts: Random starts, at least 1.
    """

    loss: Loss = log_odds
    iterations: int = 100
    restarts: int = 1

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.restarts < 1:
            raise ValueError(
                f"APGD of {self.iterations} iterations and {self.restarts} restarts does nothing"
            )

    def _perturb(self, target: Target) -> Tensor:
        worst = Worst(target)
        for restart in range(self.restarts):
            climb(target, target.random_start(restart), self.iterations, worst)
        return worst.images


@final
@dataclass(frozen=True, kw_only=True)
class TargetedAPGD(Attack):
    """Auto-PGD towards each of the likeliest wrong classes in turn [apgd, section 4].

    An image that is broken on the way to one class is not attacked towards the next. Each climb
    raises the `targeted_loss` of its class; among the results the worst by `loss` is kept. For
    multi-label data, which have no wrong class, this is plain Auto-PGD on `loss`.

    Attributes:
        classes: Greatest number of wrong classes, at least 1.
        iterations: Gradient steps of each restart, at least 1.
        restarts: Random starts for each class, at least 1.
    """

    loss: Loss = margin
    classes: int = 9
    iterations: int = 100
    restarts: int = 1

    def __post_init__(self) -> None:
        if min(self.classes, self.iterations, self.restarts) < 1:
            raise ValueError(
                f"APGD towards {self.classes} classes of {self.iterations} iterations and "
                f"{self.restarts} restarts does nothing"
            )

    def _perturb(self, target: Target) -> Tensor:
        worst = Worst(target)
        if target.labels.ndim > 1:
            for restart in range(self.restarts):
                climb(target, target.random_start(restart), self.iterations, worst)
            return worst.images
        for number, rival in enumerate(target.rivals(self.classes)):
            for restart in range(self.restarts):
                rows = torch.nonzero(~worst.broken).squeeze(1)
                if len(rows) > 0:
                    subset = replace(target.select(rows), loss=targeted_loss(rival[rows]))
                    start = subset.random_start(number * self.restarts + restart)
                    result = Worst(subset)
                    climb(subset, start, self.iterations, result)
                    images = worst.images.index_copy(0, rows, result.images)
                    worst.update(images, *target.query(images))
        return worst.images


def climb(target: Target, start: Tensor, iterations: int, worst: Worst) -> None:
    """Raise the target's loss step by step, and record every step in ``worst``.

    Args:
        target: The batch under attack.
        start: Images to start from, within the threat model, (n, C, ...).
        iterations: Gradient steps, at least 1.
        worst: Updated in place.
    """
    checkpoints = checkpoints_of(iterations)
    run = _Climb(target, start, worst)
    for iteration in range(1, iterations + 1):
        run.step(momentum=_MOMENTUM if iteration > 1 else 1.0)
        if iteration in checkpoints:
            run.check()


def checkpoints_of(iterations: int) -> frozenset[int]:
    """Return the iterations, counted from 1, after which the step size may be halved."""
    return frozenset(-(-percent * iterations // 100) for percent in _CHECKPOINTS)


@final
class _Climb:
    """One run: each image's position, its best position so far, and its step size."""

    def __init__(self, target: Target, start: Tensor, worst: Worst) -> None:
        self.target, self.worst = target, worst
        self.images = self.previous = start
        self.loss, broken, self.gradient = target.differentiate(start)
        worst.update(start, self.loss, broken)
        self.best_images, self.best_loss, self.best_gradient = start, self.loss, self.gradient
        self.step_size = torch.full_like(self.loss, 2 * target.threat.eps)
        self.window = 0
        self.rises = torch.zeros_like(self.loss)
        self.loss_at_check = self.loss
        # Set, so that the first check does not read it as "not halved last time".
        self.halved = torch.ones_like(self.loss, dtype=torch.bool)

    def step(self, momentum: float) -> None:
        """Move every image by one step; ``momentum`` is the weight of the new direction."""
        project, images = self.target.project, self.images
        step = project(images + per_image(self.step_size, images) * self.gradient.sign()) - images
        step = momentum * step + (1 - momentum) * (images - self.previous)
        self.previous, self.images = images, project(images + step)
        loss, broken, self.gradient = self.target.differentiate(self.images)
        self.worst.update(self.images, loss, broken)
        self.window += 1
        self.rises += loss > self.loss
        self.loss = loss
        self._keep_best()

    def _keep_best(self) -> None:
        better = self.loss > self.best_loss
        wide = per_image(better, self.images)
        self.best_loss = torch.where(better, self.loss, self.best_loss)
        self.best_images = torch.where(wide, self.images, self.best_images)
        self.best_gradient = torch.where(wide, self.gradient, self.best_gradient)

    def check(self) -> None:
        """Halve the steps of images whose loss stalls, and return these to their best point."""
        oscillating = self.rises < _INCREASING * self.window
        stuck = ~self.halved & (self.best_loss <= self.loss_at_check)
        halve = oscillating | stuck
        wide = per_image(halve, self.images)
        self.step_size = torch.where(halve, self.step_size / 2, self.step_size)
        self.images = torch.where(wide, self.best_images, self.images)
        self.gradient = torch.where(wide, self.best_gradient, self.gradient)
        self.loss = torch.where(halve, self.best_loss, self.loss)
        self.halved, self.loss_at_check = halve, self.best_loss
        self.window, self.rises = 0, torch.zeros_like(self.rises)
