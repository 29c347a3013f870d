"""What a network is trained on: clean slices, or attacked ones among them."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.synthesis.epoch import Replace

REPLACED = 0.5  # probability of a slice to be replaced by its attacked version


def standard(network: nn.Module, eps: float, generator: torch.Generator) -> Replace:
    """Train on clean slices."""
    del network, eps, generator
    return lambda mr, ct: mr  # noqa: ARG005 - the same call for all regimes


def adversarial(network: nn.Module, eps: float, generator: torch.Generator) -> Replace:
    """Replace each slice by its FGSM version with probability 0.5 [robmednas, section 2.4].

    The paper writes the loss as beta l(S) + (1 - beta) l(S_adv) with beta ~ Bernoulli(0.5) for each
    slice: one of the two is 0, so that is a replacement.
    """
    attack, threat = FGSM(loss=squared_error), mr_deviations(eps)

    def replace(mr: Tensor, ct: Tensor) -> Tensor:
        chosen = torch.rand(len(mr), generator=generator) < REPLACED
        rows = torch.nonzero(chosen).squeeze(1).to(mr.device)
        if len(rows) == 0:
            return mr
        found = attack(network, mr[rows], ct[rows], threat, seed=0)  # FGSM draws nothing
        return mr.index_copy(0, rows, found)

    return replace


REGIMES: Mapping[str, Callable[[nn.Module, float, torch.Generator], Replace]] = {
    "standard": standard,
    "adversarial": adversarial,
}
