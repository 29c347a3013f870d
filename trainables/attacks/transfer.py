"""Transfer: adversarial images made on one model, used on another."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack, Target
from trainables.losses.likelihood import Loss, log_odds


@final
@dataclass(frozen=True, kw_only=True)
class Transfer(Attack):
    """An attack on the attacker's own model, the source, instead of the model under attack.

    Weaker than the same attack on the model itself, unless that model masks its gradients.

    Attributes:
        source: The attacker's model, on the device of the images.
        attack: The attack on the source; its loss is used.
    """

    loss: Loss = log_odds
    source: nn.Module
    attack: Attack

    def _perturb(self, target: Target) -> Tensor:
        return self.attack(
            self.source,
            target.images,
            target.labels,
            target.threat,
            target.seed,
            positions=torch.tensor(target.positions),
        )
