"""What a network trains on: clean slices, or clean and attacked ones mixed."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.synthesis.training.epoch import Replace

PROBABILITY = 0.5  # that the attacked version of a slice takes its place


def standard(network: nn.Module, eps: float, generator: torch.Generator) -> Replace:
    """Train on clean slices.

    Args:
        network: Not used.
        eps: Not used.
        generator: Not used.
    """
    del network, eps, generator
    return lambda mr, ct: mr  # noqa: ARG005 - the same call for all regimes


def adversarial(network: nn.Module, eps: float, generator: torch.Generator) -> Replace:
    """Replace each slice by its FGSM version with probability 0.5 [robmednas, section 2.4].

    The paper writes the loss as beta l(S) + (1 - beta) l(S_adv) with beta ~ Bernoulli(0.5) for each
    slice. One of the two terms is always 0, so this is the same as a replacement.

    Args:
        network: In training; the attack is on it.
        eps: Radius of the attack, in standard deviations of the MR.
        generator: Of which slices are replaced, on the CPU.
    """
    attack, threat = FGSM(loss=squared_error), mr_deviations(eps)

    def replace(mr: Tensor, ct: Tensor) -> Tensor:
        mask = torch.rand(len(mr), generator=generator) < PROBABILITY
        rows = torch.nonzero(mask).squeeze(1).to(mr.device)
        if len(rows) == 0:
            return mr
        versions = attack(network, mr[rows], ct[rows], threat, seed=0)  # FGSM draws no numbers
        return mr.index_copy(0, rows, versions)

    return replace


REGIMES: Mapping[str, Callable[[nn.Module, float, torch.Generator], Replace]] = {
    "standard": standard,
    "adversarial": adversarial,
}
