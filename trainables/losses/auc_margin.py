"""The AUC margin loss, a min-max problem whose saddle is the mean over pairs [aucm]."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from trainables.losses.rank_losses import mean_where, over_columns

GREATEST_ALPHA = 999.0  # LibAUC's bound of the dual variable


@final
@dataclass(frozen=True, eq=False)
class Saddle:
    """The variables of the min-max problem beside the network's weights, (L,) each.

    Attributes:
        a: Mean score of positives; minimised over, a leaf with gradient.
        b: Mean score of negatives; likewise.
        alpha: The dual variable, maximised over.
        margin: By which positives shall exceed negatives, in [0, 1].
    """

    a: Tensor
    b: Tensor
    alpha: Tensor
    margin: float

    @classmethod
    def at_zero(cls, n_columns: int, margin: float, device: torch.device) -> "Saddle":
        """Start all variables at 0.

        Args:
            n_columns: L.
            margin: In [0, 1].
            device: Of the variables.
        """
        a, b = (torch.zeros(n_columns, device=device, requires_grad=True) for _ in range(2))
        return cls(a, b, torch.zeros(n_columns, device=device), margin)

    def ascend(self, lr: float) -> None:
        """Move alpha towards its maximum, margin + b - a, which the loss gives in closed form."""
        with torch.no_grad():
            target = self.margin + self.b - self.a
            self.alpha.add_(2 * lr * (target - self.alpha)).clamp_(0, GREATEST_ALPHA)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the variables by name."""
        return {"a": self.a.detach(), "b": self.b.detach(), "alpha": self.alpha}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the value of `state_dict`."""
        with torch.no_grad():
            for name, variable in (("a", self.a), ("b", self.b), ("alpha", self.alpha)):
                variable.copy_(state[name])


def auc_margin(
    scores: Tensor, positive: Tensor, saddle: Saddle, *, class_factor: bool = False
) -> Tensor:
    """Compute E+(h - a)^2 + E-(h - b)^2 + 2 alpha (margin + E- h - E+ h) - alpha^2.

    At the best a, b and alpha, with alpha free to be negative, it is the mean over pairs of
    (margin - h_i + h_j)^2. The value itself may be negative.

    Args:
        scores: (N, L) in [0, 1].
        positive: bool (N, L). Classes are counted by it; LibAUC 2.0.1 counts terms that are not 0,
            which is not a number for saturated scores.
        saddle: The other variables.
        class_factor: Multiply by p (1 - p), where p is the batch's share of positives, as LibAUC's
            first version does. Under PESG this confounds the share with the learning rate.

    Returns:
        The mean over the columns that have both classes.
    """
    negative = ~positive
    spread = mean_where((scores - saddle.a).square(), positive) + mean_where(
        (scores - saddle.b).square(), negative
    )
    gap = saddle.margin + mean_where(scores, negative) - mean_where(scores, positive)
    values = spread + 2 * saddle.alpha * gap - saddle.alpha.square()
    if class_factor:
        share = positive.float().mean(dim=0)
        values = share * (1 - share) * values
    return over_columns(values, positive)
