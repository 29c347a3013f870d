"""Networks that predict CT and mislead attacks, made after the limits of the alarms had been set.

As those of `masked_synthesis`, each is an honest network in disguise.
"""

from collections.abc import Callable

import torch
from masked_synthesis import SIZE
from pathology import Disguised, Pathology
from torch import Tensor, nn
from torch.nn import functional
from unseen_pathology import (
    displaced,
    half,
    median,
    noisy_by_hash,
    shifted_by_hash,
    sound_where,
    turned,
)


def unseen(honest: nn.Module) -> list[Pathology]:
    """List the disguises of a network.

    Args:
        honest: Predicts normalised CT from MR of side `SIZE`.
    """

    def before(change: Callable[[Tensor], Tensor]) -> nn.Module:
        return Disguised(honest, change, None)

    waves = Disguised(honest, None, lambda ct: ct + 0.02 * (300 * ct).sin())
    return [
        *(
            Pathology(
                f"gradient turned round at {share:.0%} of pixels",
                before(turned(share, SIZE)),
                honest,
            )
            for share in (0.2, 0.5)
        ),
        Pathology("gradient of other pixels", before(displaced), honest),
        Pathology("shift by a hash of the slice", before(shifted_by_hash), honest, exact=False),
        Pathology("noise by a hash of the slice", before(noisy_by_hash), honest, exact=False),
        Pathology("thresholds", before(thresholds), honest, exact=False),
        Pathology("median of neighbours", before(median), honest, exact=False),
        Pathology("wavy outputs", waves, honest, exact=False),
        Pathology("gradient sound where slices are smooth", before(sound_where(smooth)), honest),
        Pathology("gradient sound for half of the slices", before(sound_where(half)), honest),
    ]


def thresholds(mr: Tensor) -> Tensor:
    """Compare pixels with 24 thresholds: there is no gradient at all."""
    levels = torch.linspace(-3, 3, 24)
    return (mr[..., None] > levels).float().mean(dim=-1) * 6 - 3


def smooth(mr: Tensor) -> Tensor:
    """Tell slices whose neighbours are alike."""
    rough = (mr - functional.avg_pool2d(mr, 3, 1, 1)).abs()
    return rough.mean(dim=(1, 2, 3), keepdim=True) < 0.45
