"""What a network trains on: clean slices, or attacked ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import Loss

PROBABILITY = 0.5  # that the attacked version of a slice takes its place

Replace = Callable[[Tensor, Tensor], Tensor]
"""(MR, targets of CT and head) -> the MR that is trained on."""


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """What attacks a network while it trains.

    Attributes:
        network: In training.
        loss: That it lowers, and the attack raises; of targets of CT and head.
        eps: Greatest radius, in standard deviations of the MR.
        steps: Of the attack; 1 for FGSM.
        generator: Of chance, on the CPU.
    """

    network: nn.Module
    loss: Loss
    eps: float
    steps: int
    generator: torch.Generator

    def attack(self, mr: Tensor, target: Tensor, eps: float) -> Tensor:
        """Attack slices; more than one step begins at a random point.

        Args:
            mr: (N, C, S, S).
            target: CT and head, (N, 2, S, S).
            eps: Radius in standard deviations of the MR.
        """
        attack: Attack = FGSM(loss=self.loss)
        if self.steps > 1:
            attack = PGD(loss=self.loss, steps=self.steps)
        seed = int(torch.randint(2**31, (1,), generator=self.generator)) if self.steps > 1 else 0
        return attack(self.network, mr, target, mr_deviations(eps), seed)


def standard(attacker: Attacker) -> Replace:
    """Train on clean slices."""
    del attacker
    return lambda mr, target: mr  # noqa: ARG005 - the same call for all regimes


def adversarial(attacker: Attacker) -> Replace:
    """Replace each slice by its attacked version with probability 0.5 [robmednas, section 2.4].

    The paper writes the loss as beta l(S) + (1 - beta) l(S_adv) with beta ~ Bernoulli(0.5) for each
    slice. One of the two terms is always 0, so this is the same as a replacement.
    """

    def replace(mr: Tensor, target: Tensor) -> Tensor:
        mask = torch.rand(len(mr), generator=attacker.generator) < PROBABILITY
        rows = torch.nonzero(mask).squeeze(1).to(mr.device)
        if len(rows) == 0:
            return mr
        return mr.index_copy(0, rows, attacker.attack(mr[rows], target[rows], attacker.eps))

    return replace


def uniform(attacker: Attacker) -> Replace:
    """Attack every slice, at a radius that is drawn for each batch from 0 to the greatest.

    Small radii keep the clean error low; a single radius would be learnt by itself.
    """

    def replace(mr: Tensor, target: Tensor) -> Tensor:
        eps = attacker.eps * float(torch.rand(1, generator=attacker.generator))
        return attacker.attack(mr, target, eps)

    return replace


REGIMES: Mapping[str, Callable[[Attacker], Replace]] = {
    "standard": standard,
    "adversarial": adversarial,
    "uniform": uniform,
}
