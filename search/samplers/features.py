"""Configs as arrays, and how far apart they are: choices, numbers and what is switched off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from searchspace import random as to_random
from searchspace.domains import Choice
from searchspace.space import Param, Space
from trainables.protocol import Config

Floats = npt.NDArray[np.float64]


@final
@dataclass(frozen=True)
class Features:
    """N configs.

    Attributes:
        options: Which options they have, 0 or 1, (N, K): a column for each option of each choice,
            and one for a conditional choice that is switched off.
        numbers: From 0 to 1 on the (logarithmic) scale of their domain, NaN where switched off,
            (N, Q).
    """

    options: Floats
    numbers: Floats

    def __len__(self) -> int:
        return len(self.options)

    def and_then(self, other: "Features") -> "Features":
        """Return these, then others."""
        return Features(
            np.concatenate([self.options, other.options]),
            np.concatenate([self.numbers, other.numbers]),
        )

    def gaps(self, other: "Features") -> Floats:
        """Return for each number the distances to the others', (Q, N, M).

        Numbers that are both switched off are 0 apart; if one of them is, 1.
        """
        mine, others = self.numbers.T[:, :, None], other.numbers.T[:, None, :]
        found = np.abs(mine - others)
        off = np.isnan(found)
        if off.any():
            found[off] = 1.0
            found[np.isnan(mine) & np.isnan(others)] = 0.0
        return found


@final
class Encoder:
    """Turns configs of a space into features."""

    def __init__(self, space: Space) -> None:
        self._choices = [param for param in space.params if isinstance(param.domain, Choice)]
        self._numbers = [param for param in space.params if not isinstance(param.domain, Choice)]
        self._columns: dict[tuple[str, Any], int] = {}
        for param in self._choices:
            for option in _options(param):
                self._columns[param.name, option] = len(self._columns)

    def encode(self, configs: Sequence[Config]) -> Features:
        """Turn configs into features."""
        options = np.zeros((len(configs), len(self._columns)))
        numbers = np.full((len(configs), len(self._numbers)), np.nan)
        for row, config in enumerate(configs):
            for param in self._choices:
                options[row, self._columns[param.name, config.get(param.name)]] = 1.0
            for column, param in enumerate(self._numbers):
                if param.name in config and not isinstance(param.domain, Choice):
                    value = to_random.to_unit(param.domain, config[param.name])
                    numbers[row, column] = value
        return Features(options, numbers)


def _options(param: Param) -> tuple[Any, ...]:
    options = param.domain.options if isinstance(param.domain, Choice) else ()
    return options if param.when is None else (*options, None)
