"""What a simulated search is to find, and what it may measure on the way."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from search.simulation.tables.ladder import ALL, Ladder
from search.simulation.tables.networks import Networks, read_networks
from search.simulation.tables.table import CLEAN, Table
from searchspace.errors import UserError

TOP = 1000  # the top is one in so many networks, at least one
FLOOR, MISSING = "floor", "not in the table"  # constraints


@final
@dataclass(frozen=True)
class Problem:
    """A target and a floor over a table.

    Attributes:
        table: Of results.
        target: The metric that decides which network is best; higher is better.
        floor: Least clean accuracy of an eligible network; 0 for none.

    Raises:
        UserError: If the table lacks the target, or no network is eligible.
    """

    table: Table
    target: str
    floor: float

    def __post_init__(self) -> None:
        self.table.column(self.target)
        if not self.eligible.any():
            best = self.table.column(CLEAN).max()
            raise UserError(
                f"no network of {self.table.name} has clean accuracy of {self.floor} or more: "
                f"the highest is {best}, lower --floor"
            )

    @cached_property
    def networks(self) -> Networks:
        """The networks of the table."""
        return read_networks(self.table.archs)

    @cached_property
    def eligible(self) -> npt.NDArray[np.bool_]:
        """Whether each network meets the floor, (N,)."""
        return self.table.column(CLEAN) >= self.floor

    @cached_property
    def top(self) -> npt.NDArray[np.bool_]:
        """Whether each is in the top 0.1 % of the eligible by the target, (N,), ties included."""
        return self.eligible & (self.table.column(self.target) >= self.threshold)

    @cached_property
    def threshold(self) -> float:
        """The least target of the top."""
        count = math.ceil(self.eligible.sum() / TOP)
        return float(np.sort(self.table.column(self.target)[self.eligible])[-count])

    @property
    def best(self) -> float:
        """The highest target among the eligible."""
        return float(self.table.column(self.target)[self.eligible].max())

    def regret(self, row: int | None) -> float:
        """Return by how much a winner's target misses the best; all of it if there is no winner."""
        if row is None or not self.eligible[row]:
            return self.best
        return self.best - float(self.table.column(self.target)[row])

    def constraints(self, row: int) -> dict[str, float]:
        """Return by how much a network misses the floor, met at 0 and below."""
        if self.floor <= 0:
            return {}
        return {FLOOR: self.floor - float(self.table.column(CLEAN)[row])}


@final
@dataclass(frozen=True)
class Laboratory:
    """Measures networks, rung by rung: a search sees no more of the table.

    On fewer images than the table's, an accuracy is a binomial draw, the same each time that the
    same network is measured. A search on a fixed subset would do better, as it compares the
    networks on the same images.

    Attributes:
        problem: Has the table.
        ladder: What is measured at each rung.
        seed: Of the binomial draws.
    """

    problem: Problem
    ladder: Ladder
    seed: int

    def measure(self, row: int, rung: int) -> dict[str, float]:
        """Return clean accuracy, and the metrics of this rung and of those below it."""
        metrics = {CLEAN: float(self.problem.table.column(CLEAN)[row])}
        for level in range(rung + 1):
            metrics[self.ladder.rungs[level].metric] = self._accuracy(row, level)
        return metrics

    def _accuracy(self, row: int, rung: int) -> float:
        step = self.ladder.rungs[rung]
        value = float(self.problem.table.column(step.metric)[row])
        if step.images == ALL:
            return value
        generator = np.random.default_rng([self.seed, row, rung])
        return float(generator.binomial(step.images, value) / step.images)
