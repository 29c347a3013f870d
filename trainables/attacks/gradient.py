"""Attacks that follow the sign of the gradient with fixed steps."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from trainables.attacks.attack import Attack, Target, Worst
from trainables.losses.divergence import divergence
from trainables.losses.likelihood import Loss, log_odds

NOISE = 1e-3  # standard deviation of the start of `TradesAttack`, in pixels of [0, 1]


@final
@dataclass(frozen=True, kw_only=True)
class FGSM(Attack):
    """One full step along the sign of the gradient at the clean image [fgsm].

    Exact for linear models and weak for all others: not suited to rank models.
    """

    loss: Loss = log_odds

    def _perturb(self, target: Target) -> Tensor:
        _, _, gradient = target.differentiate(target.images)
        return target.images + target.threat.eps * gradient.sign()


@final
@dataclass(frozen=True, kw_only=True)
class PGD(Attack):
    """Projected steps along the sign of the gradient; the worst image on the way is kept [pgd].

    With the same step size a longer attack repeats the shorter one and goes on. So more steps or
    restarts never help the defender, image by image. With the default step size this holds from
    10 steps on.

    Attributes:
        steps: Gradient steps of each restart, at least 1.
        step_size: In units of eps, above 0. None means 2.5 / steps, and at least 0.25: enough for
            the steps to cross the ball, whose diameter is 2.
        random_start: Start each restart at a random point of the ball instead of the clean image.
        restarts: Starts, at least 1; more than 1 needs a random start.
    """

    loss: Loss = log_odds
    steps: int = 10
    step_size: float | None = None
    random_start: bool = True
    restarts: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.restarts < 1:
            raise ValueError(f"PGD of {self.steps} steps and {self.restarts} restarts does nothing")
        if self.step_size is not None and not self.step_size > 0:
            raise ValueError(f"PGD's step size is {self.step_size}, expected above 0")
        if self.restarts > 1 and not self.random_start:
            raise ValueError(f"{self.restarts} restarts of PGD without a random start are one")

    def _perturb(self, target: Target) -> Tensor:
        relative = max(2.5 / self.steps, 0.25) if self.step_size is None else self.step_size
        step = relative * target.threat.eps
        worst = Worst(target)
        for restart in range(self.restarts):
            images = target.random_start(restart) if self.random_start else target.images
            for _ in range(self.steps):
                loss, broken, gradient = target.differentiate(images)
                worst.update(images, loss, broken)
                images = target.project(images + step * gradient.sign())
            worst.update(images, *target.query(images))
        return worst.images


@final
@dataclass(frozen=True, kw_only=True)
class TradesAttack(Attack):
    """Projected steps that move the answer away from that to the clean image [trades].

    Call it with the logits of the clean images in place of labels. At the clean image the
    divergence has no gradient, so the steps start beside it, and the last image counts. It is the
    attack of TRADES' training, and ranks nothing.

    Attributes:
        steps: Gradient steps, at least 1.
        step_size: In units of eps; TRADES takes 0.007 at 0.031.
    """

    loss: Loss = divergence
    steps: int = 10
    step_size: float = 0.226

    def _perturb(self, target: Target) -> Tensor:
        uniform = target.draw(tuple(target.images.shape[1:]), "start")
        images = target.project(target.images + NOISE * torch.special.ndtri(uniform))
        for _ in range(self.steps):
            _, _, gradient = target.differentiate(images)
            images = target.project(images + self.step_size * target.threat.eps * gradient.sign())
        return images
