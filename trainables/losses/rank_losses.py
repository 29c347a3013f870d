"""Losses of an order: surrogates of AUC, average precision and partial AUC.

Shapes, in every function and class: ``scores`` (N, L) in [0, 1], greater for the positive class;
``positive`` bool (N, L). L is 1 for a binary task, the number of classes (each against the rest) or
of labels otherwise. A value is the mean over the columns that have both classes in the batch; the
others add nothing, and without any the value is 0.

All are made of ``l(i, j) = max(margin - (h_i - h_j), 0)**2``, i a positive and j any other image;
`Pairwise` alone takes other surrogates of "j is not above i", too.
Losses with a state estimate, for each training image, a mean over all images that a batch sees in
part only: ``rows`` says which training images these are. On the first visit the estimate is the
batch's own; LibAUC starts from 0, which scales a first visit by 1 / gamma.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, final

import torch
from torch import Tensor

SURROGATES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "squared_hinge": lambda lack: lack.relu().square(),
    "squared": torch.square,
    "hinge": torch.relu,
}
"""What a pair costs, by how much its difference of scores lacks of the margin."""

_LEAST = 1e-12  # stands in for an estimate of 0, by which nothing can be divided


class RankLoss(Protocol):
    """A loss of a batch, which may keep estimates from batch to batch."""

    def __call__(self, scores: Tensor, positive: Tensor, rows: Tensor) -> Tensor:
        """Compute the loss of a batch, and renew the estimates of its images.

        Args:
            scores: (N, L).
            positive: bool (N, L).
            rows: Index of each image among the training images, int64 (N,).
        """

    def state_dict(self) -> dict[str, Tensor]:
        """Return the estimates."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the value of `state_dict`."""


def squared_hinge(scores: Tensor, margin: float) -> Tensor:
    """Compute l(i, j) of all pairs.

    Args:
        scores: (N, L).
        margin: Difference of scores from which on a pair costs nothing.

    Returns:
        (N, N, L): i first, then j.
    """
    return SURROGATES["squared_hinge"](_lack(scores, margin))


def over_columns(values: Tensor, positive: Tensor) -> Tensor:
    """Average values (L,) over the columns in which both classes occur; 0 without any."""
    present = positive.any(dim=0) & ~positive.all(dim=0)
    return torch.where(present, values, 0).sum() / present.sum().clamp_min(1)


def mean_where(values: Tensor, chosen: Tensor, dim: int | tuple[int, ...] = 0) -> Tensor:
    """Average the chosen values along dimensions; 0 where none is.

    Args:
        values: Of any shape.
        chosen: bool, of the same shape.
        dim: Along which the mean is taken.
    """
    total = torch.where(chosen, values, 0).sum(dim=dim)
    return total / chosen.sum(dim=dim).clamp_min(1)


@final
class Pairwise:
    """The mean over positives i and negatives j: no min-max problem and no state.

    With ``squared`` it is what the AUC margin loss is at its saddle, if alpha may be negative.

    Args:
        margin: Difference of scores that is asked of a pair.
        surrogate: A name of `SURROGATES`.
    """

    def __init__(self, margin: float, surrogate: str = "squared_hinge") -> None:
        self.margin, self.cost = margin, SURROGATES[surrogate]

    def __call__(self, scores: Tensor, positive: Tensor, rows: Tensor) -> Tensor:
        """Compute the loss of a batch, see `RankLoss`."""
        del rows
        pairs = positive[:, None] & ~positive[None]
        losses = mean_where(self.cost(_lack(scores, self.margin)), pairs, dim=(0, 1))
        return over_columns(losses, positive)

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: there are no estimates."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take nothing over."""


class _Estimating:
    """A loss with estimates (n, L) of training images; NaN where an image was not visited."""

    names: tuple[str, ...]

    def __init__(self, n_images: int, n_columns: int, margin: float, device: torch.device) -> None:
        self.margin = margin
        self.estimates = {
            name: torch.full((n_images, n_columns), torch.nan, device=device) for name in self.names
        }

    def state_dict(self) -> dict[str, Tensor]:
        """Return the estimates by name."""
        return dict(self.estimates)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the value of `state_dict`."""
        for name, estimate in self.estimates.items():
            estimate.copy_(state[name])

    def _average(
        self, name: str, batch: Tensor, gamma: float, rows: Tensor, chosen: Tensor
    ) -> Tensor:
        """Move the estimates of the chosen entries towards the batch's, and return all (N, L)."""
        before = self.estimates[name][rows]
        after = torch.where(before.isnan(), batch, (1 - gamma) * before + gamma * batch)
        self.estimates[name][rows] = torch.where(chosen, after, before)
        return after


@final
class AveragePrecision(_Estimating):
    """The surrogate of average precision that SOAP minimises [soap, equations 6 to 8].

    Of each positive i, u estimates the mean of l(i, j) over all images, and q the same with the
    negatives' terms left out. The gradient is that of -q / u, each with its estimate held.

    Args:
        n_images: Training images.
        n_columns: L.
        margin: Of the surrogate.
        gamma: Weight of the batch in an estimate, in (0, 1].
        device: Of the estimates.
    """

    names = ("all", "positive")

    def __init__(
        self, n_images: int, n_columns: int, margin: float, gamma: float, device: torch.device
    ) -> None:
        super().__init__(n_images, n_columns, margin, device)
        self.gamma = gamma

    def __call__(self, scores: Tensor, positive: Tensor, rows: Tensor) -> Tensor:
        """Compute the loss of a batch, see `RankLoss`; only its gradient means something."""
        losses = squared_hinge(scores, self.margin)
        of_positives = positive[None].to(losses)
        with torch.no_grad():
            u = self._average("all", losses.mean(dim=1), self.gamma, rows, positive)
            q = (losses * of_positives).mean(dim=1)
            q = self._average("positive", q, self.gamma, rows, positive)
            weights = (q[:, None] - u[:, None] * of_positives) / u[:, None].square().clamp_min(
                _LEAST
            )
        pairs = positive[:, None].expand_as(losses)
        return over_columns(mean_where(weights * losses, pairs, dim=(0, 1)), positive)


@final
class PartialAUC(_Estimating):
    """Partial AUC as a conditional value at risk, which SOPA minimises [sopa, equation 7].

    Of each positive i, s estimates the quantile of l(i, j) above which lie the hardest share of
    the negatives; the loss is the mean over these.

    Args:
        n_images: Training images.
        n_columns: L.
        margin: Of the surrogate.
        share: Of the negatives, the greatest false positive rate, in (0, 1].
        eta: Step of the quantile.
        device: Of the estimates.
    """

    names = ("quantile",)

    def __init__(
        self,
        n_images: int,
        n_columns: int,
        margin: float,
        share: float,
        eta: float,
        device: torch.device,
    ) -> None:
        super().__init__(n_images, n_columns, margin, device)
        self.share, self.eta = share, eta

    def __call__(self, scores: Tensor, positive: Tensor, rows: Tensor) -> Tensor:
        """Compute the loss of a batch, see `RankLoss`."""
        losses = squared_hinge(scores, self.margin)
        pairs = positive[:, None] & ~positive[None]
        with torch.no_grad():
            quantile = self.estimates["quantile"][rows]
            quantile = torch.where(quantile.isnan(), _quantile(losses, pairs, self.share), quantile)
            hard = (losses > quantile[:, None]) & pairs
            excess = mean_where(hard.to(losses), pairs, dim=1) / self.share
            renewed = quantile - self.eta * (1 - excess)
            old = self.estimates["quantile"][rows]
            visited = positive & ~positive.all(dim=0)
            self.estimates["quantile"][rows] = torch.where(visited, renewed, old)
        values = mean_where(hard * losses, pairs, dim=(0, 1)) / self.share
        return over_columns(values, positive)


@final
class SmoothPartialAUC(_Estimating):
    """Partial AUC with weights exp(l / temperature), which SOPAs minimises [sopa, equation 9].

    It is the gradient of ``temperature * mean_i log mean_j exp(l(i, j) / temperature)``: the
    smaller the temperature, the more the hardest negatives count.

    Args:
        n_images: Training images.
        n_columns: L.
        margin: Of the surrogate, at most 1.
        temperature: At least `LEAST_TEMPERATURE`.
        gamma: Weight of the batch in an estimate, in (0, 1].
        device: Of the estimates.
    """

    names = ("mean",)

    def __init__(
        self,
        n_images: int,
        n_columns: int,
        margin: float,
        temperature: float,
        gamma: float,
        device: torch.device,
    ) -> None:
        super().__init__(n_images, n_columns, margin, device)
        self.temperature, self.gamma = temperature, gamma

    def __call__(self, scores: Tensor, positive: Tensor, rows: Tensor) -> Tensor:
        """Compute the loss of a batch, see `RankLoss`; only its gradient means something."""
        losses = squared_hinge(scores, self.margin)
        pairs = positive[:, None] & ~positive[None]
        with torch.no_grad():
            weights = (losses / self.temperature).exp()
            visited = positive & ~positive.all(dim=0)
            mean = mean_where(weights, pairs, dim=1)
            u = self._average("mean", mean, self.gamma, rows, visited)
            weights = weights / u[:, None].clamp_min(_LEAST)
        return over_columns(mean_where(weights * losses, pairs, dim=(0, 1)), positive)


LEAST_TEMPERATURE = 0.05  # below, exp(l / temperature) of a pair at its worst, 4, overflows


def _lack(scores: Tensor, margin: float) -> Tensor:
    """Return by how much each difference h_i - h_j lacks of the margin, (N, N, L)."""
    return margin - scores[:, None] + scores[None]


def _quantile(losses: Tensor, pairs: Tensor, share: float) -> Tensor:
    """Return of each i (N, L) the greatest value that at least a share of its pairs exceed."""
    count = pairs.sum(dim=1)
    hardest = (count * share + 1e-9).floor().long().clamp_min(1)
    order = torch.where(pairs, losses, -torch.inf).sort(dim=1, descending=True).values
    index = hardest.clamp_max(losses.shape[1] - 1)[:, None]
    quantile = order.gather(1, index).squeeze(1)
    return torch.where(quantile.isfinite(), quantile, -1)  # all pairs are among the hardest
