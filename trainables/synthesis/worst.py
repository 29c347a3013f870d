"""The worst of several attacks, slice by slice, by the error that is reported: within the head."""

from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.ensemble import CLEAN, Ensemble
from trainables.attacks.threat import mr_deviations
from trainables.runtime.seeding import derive
from trainables.synthesis.measurement import predict
from trainables.synthesis.slices import Split, to_hu


@final
class WorstOf:
    """A perturbation for `score_subjects`: of what each attack makes of a slice, the worst.

    That is the one with the greatest absolute error summed over the slice's head. A subject's head
    MAE adds these sums up, so that the worst of every slice makes the worst of the subject. No
    slice is ever "broken": every attack runs on all of them.

    Attributes:
        names: Of the attacks, in order.
        by: For each slice seen, by number, the number of the attack that won; `CLEAN` where none
            did more harm than nothing.
    """

    def __init__(
        self,
        network: nn.Module,
        split: Split,
        ensemble: Ensemble,
        eps: float,
        *,
        seed: int,
        batch_size: int = 32,
    ) -> None:
        """Prepare to attack slices of a split.

        Args:
            network: Predicts normalised CT from MR.
            split: Says where the heads are.
            ensemble: Attacks by name; each one's seed is derived from the name.
            eps: Radius, in standard deviations of the MR.
            seed: Of the random starts.
            batch_size: Slices that the network predicts at a time.
        """
        self.names, self.by = tuple(ensemble), dict[int, int]()
        self._network, self._split, self._ensemble = network, split, ensemble
        self._threat, self._seed, self._batch_size = mr_deviations(eps), seed, batch_size

    def __call__(self, mr: Tensor, ct: Tensor, numbers: Tensor) -> Tensor:
        """Attack MR (n, 1, S, S) against normalised CT; ``numbers`` (n,) say which slices."""
        worst, error = mr, self._errors(mr, ct, numbers)
        by = torch.full_like(numbers, CLEAN)
        for number, (name, attack) in enumerate(self._ensemble.items()):
            seed = derive(self._seed, name)
            attacked = attack(self._network, mr, ct, self._threat, seed, positions=numbers)
            found = self._errors(attacked, ct, numbers)
            worse = found > error
            worst = torch.where(worse.reshape(-1, 1, 1, 1), attacked, worst)
            error = torch.where(worse, found, error)
            by = torch.where(worse, number, by)
        self.by |= dict(zip(numbers.tolist(), by.tolist(), strict=True))
        return worst

    def _errors(self, mr: Tensor, ct: Tensor, numbers: Tensor) -> Tensor:
        """Sum |predicted - true| HU over the head of each slice, (n,)."""
        predicted = predict(self._network, mr, self._batch_size)
        heads = self._split.masks(numbers.tolist(), mr.device)
        difference = torch.from_numpy(predicted).to(mr.device) - to_hu(ct).squeeze(1)
        return (difference.abs() * heads).sum(dim=(1, 2))
