"""Features that distances can be taken in: centred, scaled, without dead dimensions."""

from dataclasses import dataclass
from typing import final

import numpy as np

from trainables.runtime.arrays import Floats, Floats64, Mask

DEAD = 0.01  # of the median deviation: dimensions with less are dropped


@final
@dataclass(frozen=True, eq=False)
class Standardiser:
    """Centre and scale of each dimension, and which are alive.

    A unit that is nearly always 0 has a tiny deviation. Scaled by it, the few images that excite it
    lie so far away that a cubic kernel reaches 1e17, and one image decides a distance.

    Attributes:
        centre: Of the living dimensions, (D,).
        scale: Of the same.
        alive: Which of all dimensions are alive.
    """

    centre: Floats64
    scale: Floats64
    alive: Mask

    @classmethod
    def of(cls, features: Floats) -> "Standardiser":
        """Fit to features (N, D) of the training images.

        Raises:
            ValueError: If no dimension varies.
        """
        values = features.astype(np.float64)
        deviations = values.std(axis=0)
        varying = deviations[deviations > 0]
        if not len(varying):
            raise ValueError("the features of all images are the same")
        alive: Mask = deviations > DEAD * np.median(varying)
        return cls(values.mean(axis=0)[alive], deviations[alive], alive)

    def __call__(self, features: Floats) -> Floats64:
        """Centre and scale features (N, D); return those of the living dimensions."""
        scaled: Floats64 = (features.astype(np.float64)[:, self.alive] - self.centre) / self.scale
        return scaled
