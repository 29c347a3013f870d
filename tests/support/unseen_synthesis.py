"""Networks that predict CT and mislead attacks, made after the limits of the alarms had been set.

As those of `masked_synthesis`, each is an honest network in disguise.
"""

from collections.abc import Callable

import torch
from masked_synthesis import SIZE
from pathology import Disguised, Pathology
from torch import Tensor, nn
from torch.nn import functional
from unseen_pathology import of_any_task, sound_where


def unseen(honest: nn.Module) -> list[Pathology]:
    """List the disguises of a network.

    Args:
        honest: Predicts normalised CT from MR of side `SIZE`.
    """

    def before(change: Callable[[Tensor], Tensor]) -> nn.Module:
        return Disguised(honest, change, None)

    waves = Disguised(honest, None, lambda ct: ct + 0.02 * (300 * ct).sin())
    return [
        *of_any_task(honest, SIZE),
        Pathology("thresholds", before(thresholds), honest, exact=False),
        Pathology("wavy outputs", waves, honest, exact=False),
        Pathology("gradient sound where slices are smooth", before(sound_where(smooth)), honest),
    ]


def thresholds(mr: Tensor) -> Tensor:
    """Compare pixels with 24 thresholds: there is no gradient at all."""
    levels = torch.linspace(-3, 3, 24)
    return (mr[..., None] > levels).float().mean(dim=-1) * 6 - 3


def smooth(mr: Tensor) -> Tensor:
    """Tell slices whose neighbours are alike."""
    rough = (mr - functional.avg_pool2d(mr, 3, 1, 1)).abs()
    return rough.mean(dim=(1, 2, 3), keepdim=True) < 0.45
