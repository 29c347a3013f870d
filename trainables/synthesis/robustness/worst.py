"""The worst of several attacks on each slice, by the error within the head, which is reported.

The attacks are aimed at targets of CT and head, see `trainables.synthesis.robustness.errors`.
"""

from typing import final

import torch
from torch import Tensor, nn

from trainables.attacks.ensemble import CLEAN, Ensemble
from trainables.attacks.threat import mr_deviations
from trainables.metrics.alarms import SLACK
from trainables.runtime.seeding import derive
from trainables.study.examination import is_black_box
from trainables.synthesis.prediction import predict
from trainables.synthesis.slices import Split, to_hu


@final
class WorstOf:
    """A perturbation for `score_subjects`: the worst version of each slice that any attack makes.

    The worst version has the greatest absolute error summed over the slice's head. A subject's head
    MAE adds up these sums, so that the worst slices together are the worst for the subject. Every
    attack runs on every slice: an error in HU has no point at which a slice counts as broken.

    Attributes:
        names: Of the attacks, in order.
        winners: By slice number, the number of the attack that made the worst version; `CLEAN`
            where no attack did any harm.
        guessed: Numbers of the slices whose error an attack without the network's gradient raised
            by more than a hundredth, after those with it.
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
        """Prepare to attack the slices of a split.

        Args:
            network: Predicts normalised CT from MR.
            split: The slices, with the masks of the heads.
            ensemble: Attacks by name, aimed at CT and head; each name gives a seed.
            eps: Radius, in standard deviations of the MR.
            seed: Of the random starts.
            batch_size: Slices that the network sees at a time; affects only the memory.
        """
        self.names, self.winners = tuple(ensemble), dict[int, int]()
        self.guessed: set[int] = set()
        self._network, self._split, self._ensemble = network, split, ensemble
        self._threat, self._seed, self._batch_size = mr_deviations(eps), seed, batch_size

    def __call__(self, mr: Tensor, ct: Tensor, numbers: Tensor) -> Tensor:
        """Attack slices of the split, and record the winners.

        Args:
            mr: (n, C, S, S).
            ct: Normalised, (n, 1, S, S).
            numbers: Of the slices in the split, (n,).

        Returns:
            The worst version of each slice, (n, C, S, S).
        """
        heads = self._split.masks(numbers.tolist(), mr.device)
        targets = torch.cat([ct, heads.unsqueeze(1).to(ct.dtype)], dim=1)
        worst, error = mr, self._errors(mr, ct, heads)
        winners = torch.full_like(numbers, CLEAN)
        for number, (name, attack) in enumerate(self._ensemble.items()):
            seed = derive(self._seed, name)
            attacked = attack(self._network, mr, targets, self._threat, seed, positions=numbers)
            attacked_error = self._errors(attacked, ct, heads)
            worse = attacked_error > error
            if is_black_box(name):
                self.guessed |= set(numbers[attacked_error > (1 + SLACK) * error].tolist())
            worst = torch.where(worse.reshape(-1, 1, 1, 1), attacked, worst)
            error = torch.where(worse, attacked_error, error)
            winners = torch.where(worse, number, winners)
        self.winners |= dict(zip(numbers.tolist(), winners.tolist(), strict=True))
        return worst

    def _errors(self, mr: Tensor, ct: Tensor, heads: Tensor) -> Tensor:
        """Sum |predicted - true| HU over the head of each slice, (n,)."""
        predicted = predict(self._network, mr, self._batch_size)
        difference = torch.from_numpy(predicted).to(mr.device) - to_hu(ct).squeeze(1)
        return (difference.abs() * heads).sum(dim=(1, 2))
