"""Configs as rows of numbers, which can be drawn and changed many at a time.

A code is the index of an option, or the position of a number in [0, 1] on its (logarithmic) scale;
what is switched off is NaN.
"""

import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import numpy.typing as npt

from searchspace import random as to_random
from searchspace.domains import Choice, Float, Int
from searchspace.space import Space
from trainables.study.study import Config

Codes = npt.NDArray[np.float64]
STEP = 0.2  # standard deviation of a number's mutation, as a share of its (logarithmic) range
CLOSE = 1e-9  # two codes that differ by no more are the same
BELOW_ONE = float(np.nextafter(1.0, 0.0))


@final
class Codec:
    """Turns configs of a space into codes and back, and draws and mutates codes.

    Attributes:
        options: How many options each parameter has, (P,); 0 for a number.
        switches: Columns of the parameters that switch others on and off.
    """

    def __init__(self, space: Space) -> None:
        self._params = space.params
        self._columns = {param.name: column for column, param in enumerate(space.params)}
        self._indices = [
            {option: float(index) for index, option in enumerate(param.domain.options)}
            if isinstance(param.domain, Choice)
            else None
            for param in space.params
        ]
        self.options = np.array([len(indices or ()) for indices in self._indices])
        self._conditions: dict[int, tuple[int, Codes]] = {}
        for column, param in enumerate(space.params):
            if param.when is not None:
                parent = self._columns[param.when.param]
                codes = [self._code(parent, option) for option in param.when.options]
                self._conditions[column] = (parent, np.array(codes))
        self.switches = sorted({parent for parent, _ in self._conditions.values()})

    def encode(self, configs: Sequence[Config]) -> Codes:
        """Return the codes of configs, (N, P)."""
        codes = np.full((len(configs), len(self._params)), np.nan)
        for row, config in enumerate(configs):
            for name, value in config.items():
                column = self._columns[name]
                codes[row, column] = self._code(column, value)
        return codes

    def decode(self, codes: Codes) -> dict[str, Any]:
        """Return the config of one row of codes, (P,)."""
        config = {}
        for param, code in zip(self._params, codes.tolist(), strict=True):
            if isinstance(param.domain, Choice):
                if not math.isnan(code):
                    config[param.name] = param.domain.options[int(code)]
            elif not math.isnan(code):
                config[param.name] = to_random.draw(param.domain, min(code, BELOW_ONE))
        return config

    def draw(self, count: int, generator: np.random.Generator) -> Codes:
        """Draw configs from the space's own distribution, (N, P)."""
        codes = np.empty((count, len(self._params)))
        for column in range(len(self._params)):
            codes[:, column] = self._draw(column, count, generator)
            self._switch(codes, column)
        return codes

    def mutate(self, parents: Codes, generator: np.random.Generator, step: float = STEP) -> Codes:
        """Change one active parameter of each config at random; draw those that this switches on.

        Args:
            parents: Codes, (N, P); they stay as they are.
            generator: Of all draws.
            step: Standard deviation of a number's change, as a share of its (logarithmic) range.
        """
        children, count = parents.copy(), len(parents)
        priority = np.where(np.isnan(parents), -1.0, generator.random(parents.shape))
        targets = priority.argmax(axis=1)
        for column in np.unique(targets):
            rows = np.flatnonzero(targets == column)
            children[rows, column] = self._change(column, parents[rows, column], generator, step)
        for column in self._conditions:
            values = self._draw(column, count, generator)
            children[:, column] = np.where(
                np.isnan(children[:, column]), values, children[:, column]
            )
            self._switch(children, column)
        return children

    def _code(self, column: int, value: Any) -> float:  # noqa: ANN401 - any value of a domain
        indices = self._indices[column]
        if indices is not None:
            return indices[value]
        return to_random.to_unit(self._number(column), value)

    def _number(self, column: int) -> Int | Float:
        domain = self._params[column].domain
        if isinstance(domain, Choice):
            raise TypeError(f"{self._params[column].name} is no number")
        return domain

    def _draw(self, column: int, count: int, generator: np.random.Generator) -> Codes:
        uniform = generator.random(count)
        if self.options[column]:
            return np.asarray(np.floor(uniform * self.options[column]))
        return self._snap(column, uniform)

    def _switch(self, codes: Codes, column: int) -> None:
        """Switch a parameter off where its condition is not met."""
        if column in self._conditions:
            parent, options = self._conditions[column]
            met = (np.abs(codes[:, parent, None] - options) <= CLOSE).any(axis=1)
            codes[~met, column] = np.nan

    def _change(
        self, column: int, codes: Codes, generator: np.random.Generator, step: float
    ) -> Codes:
        count = int(self.options[column])
        if count:
            return np.asarray((codes + generator.integers(1, max(count, 2), len(codes))) % count)
        units = codes + step * generator.standard_normal(len(codes))
        return self._snap(column, np.asarray(np.clip(units, 0.0, BELOW_ONE)))

    def _snap(self, column: int, units: Codes) -> Codes:
        """Move positions to those of whole numbers, where the domain has no others."""
        domain = self._number(column)
        if isinstance(domain, Float):
            return units
        low, high = domain.low - 0.5, domain.high + 0.5
        if domain.log:
            span = math.log(high / low)
            values = np.clip(np.round(low * np.exp(units * span)), domain.low, domain.high)
            return np.asarray(np.log(values / low) / span)
        values = np.clip(np.round(low + units * (high - low)), domain.low, domain.high)
        return np.asarray((values - low) / (high - low))
