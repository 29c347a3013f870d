"""A made-up function as a problem: a target, and clean accuracy that may speak against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np

from search.samplers.model.codes import Codec
from search.samplers.model.features import Floats
from search.simulation.landscapes.spaces import FILTERS
from search.simulation.landscapes.terrain import Shape, Terrain
from search.simulation.tables.problem import Problem
from search.simulation.tables.table import CLEAN
from searchspace import encoding
from searchspace.space import Space
from trainables.study.study import Config

TARGET, SIZE = "pgd_eps1", "size"  # a metric, a constraint
SAMPLE = 50_000  # configs from which floor, limit and top are made
TOP = 1e-3  # the top starts where only so many of the eligible sample are better
CLIMBERS, ROUNDS = 20, 200  # of the search for the best


@final
@dataclass(frozen=True, kw_only=True)
class Landscape(Problem):
    """A function over a space as target, another as clean accuracy, and a limit on the size.

    Attributes:
        name: Of the landscape.
        varied: The space.
        shape: Of both functions.
        seed: Of both functions.
        conflict: How much clean accuracy falls where the target rises: 0 to 1, as a correlation.
            The closer to 1, the further the best targets lie below the floor.
        eligible: Share of the networks that meets the floor; 1 for no floor.
        within: Share of the networks that meets the limit of size; 1 for no limit.
        steepness: How much the logit of the target rises with a standard deviation of the function:
            above 1, most networks are near 0 and a few far above.
    """

    name: str
    varied: Space
    shape: Shape
    seed: int
    conflict: float = 0.0
    eligible: float = 1.0
    within: float = 1.0
    steepness: float = 0.6
    target: str = TARGET
    _points: dict[int, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    _metrics: dict[int, dict[str, float]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def space(self) -> Space:
        """The space whose points are networks."""
        return self.varied

    def limits(self, point: Config) -> dict[str, float]:
        """Return by how much a network is too large, as a logarithm."""
        if self.within >= 1:
            return {}
        size = self._sizes(self._codec.encode([point]))
        return {SIZE: float(size[0] - self._limit)}

    def row(self, point: Config) -> int:
        """Return a number made of the point's digest."""
        row = int(encoding.digest(self.varied, point)[:15], 16)
        if row not in self._points:
            config = self.varied.restrict(point)
            targets, cleans = self._accuracies(self._codec.encode([config]))
            self._points[row] = config
            self._metrics[row] = {CLEAN: float(cleans[0]), TARGET: float(targets[0])}
        return row

    def canonical(self, point: Config) -> Config:
        """Return the point: no other means the same network."""
        return point

    def arch(self, row: int) -> str:
        """Return the parameters and their values."""
        return ",".join(f"{name}={value}" for name, value in self._points[row].items())

    def metrics(self, row: int) -> Mapping[str, float]:
        """Return clean accuracy and the target."""
        return self._metrics[row]

    def violation(self, row: int) -> float | None:
        """Return by how much clean accuracy misses the floor; None for no floor."""
        return None if self.eligible >= 1 else self._floor - self._metrics[row][CLEAN]

    def is_top(self, row: int) -> bool:
        """Tell whether a network beats all but one in 1000 of the eligible."""
        return self.is_eligible(row) and self._metrics[row][TARGET] >= self._threshold

    @cached_property
    def best(self) -> float:
        """The highest target that a local search from the best of the sample finds."""
        generator = np.random.default_rng([self.seed, 2])
        order = np.argsort(-self._targets)[:CLIMBERS]
        climbers, values = self._allowed[order], self._targets[order]
        for _ in range(ROUNDS):
            children = self._codec.mutate(climbers, generator)
            targets = np.where(self._mask(children), self._accuracies(children)[0], -np.inf)
            better = targets > values
            climbers[better], values[better] = children[better], targets[better]
        return float(values.max())

    @cached_property
    def _codec(self) -> Codec:
        return Codec(self.varied)

    @cached_property
    def _sample(self) -> Floats:
        return self._codec.draw(SAMPLE, np.random.default_rng([self.seed, 0]))

    @cached_property
    def _terrains(self) -> tuple[Terrain, Terrain]:
        seeds = [int(seed) for seed in np.random.SeedSequence([self.seed, 1]).generate_state(2)]
        target, clean = (Terrain(self._codec, self.shape, seed, self._sample) for seed in seeds)
        return target, clean

    @cached_property
    def _floor(self) -> float:
        cleans = self._accuracies(self._sample)[1]
        return float(np.quantile(cleans, 1 - self.eligible))

    @cached_property
    def _limit(self) -> float:
        return float(np.quantile(self._sizes(self._sample), self.within))

    @cached_property
    def _allowed(self) -> Floats:
        return np.asarray(self._sample[self._mask(self._sample)])

    @cached_property
    def _targets(self) -> Floats:
        return self._accuracies(self._allowed)[0]

    @cached_property
    def _threshold(self) -> float:
        return float(np.quantile(self._targets, 1 - TOP))

    def _mask(self, codes: Floats) -> np.ndarray:
        mask = np.ones(len(codes), dtype=bool)
        if self.eligible < 1:
            mask &= self._accuracies(codes)[1] >= self._floor
        if self.within < 1:
            mask &= self._sizes(codes) <= self._limit
        return mask

    def _accuracies(self, codes: Floats) -> tuple[Floats, Floats]:
        """Return the target and clean accuracy, (N,) each."""
        target, particular = (terrain(codes) for terrain in self._terrains)
        clean = np.sqrt(1 - self.conflict**2) * particular - self.conflict * target
        return _logistic(0.5 + self.steepness * (target - 2.5)), _logistic(2.0 + 0.5 * clean)

    def _sizes(self, codes: Floats) -> Floats:
        """Return the logarithm of the sum of squared filters, (N,)."""
        total = np.zeros(len(codes))
        for column, param in enumerate(self.varied.params):
            if param.name.endswith(FILTERS):
                total += np.where(np.isnan(codes[:, column]), 0.0, 4.0 ** (4 * codes[:, column]))
        return np.log(np.maximum(total, 1.0))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))
