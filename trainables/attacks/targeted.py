"""Auto-PGD towards the wrong classes, one after another."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from trainables.attacks.apgd import climb
from trainables.attacks.attack import Attack, Target, Worst
from trainables.losses.likelihood import Loss, margin, targeted_loss


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
