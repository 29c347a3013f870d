"""What is measured of a network without an adversary: each disturbance as a perturbation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainables.corruptions.mr import DISTURBANCES, disturb
from trainables.corruptions.turning import turn, turn_mask
from trainables.data.grid import AIR_HU
from trainables.metrics.synthesis import Truth, truth_of
from trainables.runtime.seeding import derive
from trainables.synthesis.slices import SubjectSlices

ROTATION = "rotation"  # in degrees; MR and CT turn alike
STRENGTHS: Mapping[str, tuple[float, ...]] = {
    **{kind: strengths for kind, (strengths, _) in DISTURBANCES.items()},
    ROTATION: (10.0, 20.0),
}
"""By name, the strengths at which networks are compared."""


@dataclass(frozen=True)
class Turned:
    """A perturbation that turns the head: what is predicted is compared with the turned CT."""

    degrees: float

    def __call__(self, mr: Tensor, ct: Tensor, numbers: Tensor) -> Tensor:
        """Turn MR (n, C, S, S); air comes in from outside."""
        del ct, numbers
        return turn(mr, self.degrees, mr.amin(dim=(1, 2, 3), keepdim=True))

    def truth(self, subject: SubjectSlices) -> Truth:
        """Return the turned CT of a subject, and its turned head."""
        ct, head = (
            torch.from_numpy(np.asarray(volume).astype(np.float32)).unsqueeze(1)
            for volume in (subject.ct, subject.mask)
        )
        turned = turn(ct, self.degrees, AIR_HU).squeeze(1).numpy()
        return truth_of(turned, turn_mask(head, self.degrees).squeeze(1).numpy() > 0.5)


def disturbance(
    kind: str, strength: float, seed: int
) -> Turned | Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return a disturbance as what perturbs slices (MR, CT, numbers of the slices).

    Args:
        kind: A key of `STRENGTHS`.
        strength: What it counts.
        seed: Of chance, together with the number of a group's first slice.
    """
    if kind == ROTATION:
        return Turned(strength)

    def perturb(mr: Tensor, _ct: Tensor, numbers: Tensor) -> Tensor:
        return disturb(kind, mr, strength, derive(seed, int(numbers[0])))

    return perturb
