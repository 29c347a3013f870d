"""Configs as arrays, and how far apart they are: choices, numbers and what is switched off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt

from search.samplers.model.codes import Codec, Codes
from searchspace.space import Space
from trainables.study.study import Config

Floats = npt.NDArray[np.float64]


class Pairs(NamedTuple):
    """The Q numbers of N configs compared with those of M configs, (Q, N, M) each.

    Attributes:
        gaps: How far apart they are: 1 where one is switched off, 0 where both are.
        likeness: 1 minus the distance where neither is switched off, else 0.
    """

    gaps: Floats
    likeness: Floats


@final
@dataclass(frozen=True)
class Features:
    """N configs as arrays.

    Attributes:
        options: Which options they have, 0 or 1, (N, K): a column for each option of each choice.
            A choice that is switched off has none.
        numbers: From 0 to 1 on the (logarithmic) scale of their domain, NaN where switched off,
            (N, Q).
    """

    options: Floats
    numbers: Floats

    def __len__(self) -> int:
        return len(self.options)

    @property
    def on(self) -> Floats:
        """Which numbers are switched on, 0 or 1, (N, Q)."""
        return np.asarray(~np.isnan(self.numbers), dtype=float)

    def append(self, features: "Features") -> "Features":
        """Return the features of these configs followed by those of more."""
        return Features(
            np.concatenate([self.options, features.options]),
            np.concatenate([self.numbers, features.numbers]),
        )

    def pairs(self, columns: "Features") -> Pairs:
        """Compare the numbers of each of these N configs with those of each of M others."""
        row, column = self.numbers.T[:, :, None], columns.numbers.T[:, None, :]
        gaps = np.abs(row - column)
        off = np.isnan(gaps)
        gaps[off] = 1.0
        likeness = 1.0 - gaps
        if off.any():
            gaps[np.isnan(row) & np.isnan(column)] = 0.0
        return Pairs(gaps, likeness)


@final
class Encoder:
    """Turns configs of a space into features.

    Attributes:
        codec: Of the space.
    """

    def __init__(self, space: Space) -> None:
        self.codec = Codec(space)
        counts = self.codec.options
        self._choices, self._numbers = np.flatnonzero(counts), np.flatnonzero(counts == 0)
        self._offsets = np.cumsum(counts[self._choices]) - counts[self._choices]
        self._width = int(counts.sum())

    def encode(self, configs: Sequence[Config]) -> Features:
        """Turn configs into features."""
        return self.features(self.codec.encode(configs))

    def features(self, codes: Codes) -> Features:
        """Turn codes into features."""
        options = np.zeros((len(codes), self._width))
        indices = codes[:, self._choices]
        rows, columns = np.nonzero(~np.isnan(indices))
        options[rows, self._offsets[columns] + indices[rows, columns].astype(int)] = 1.0
        return Features(options, codes[:, self._numbers])
