"""A target and a floor over a table of results, where all answers are known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from search.simulation.tables.networks import Networks, read_networks
from search.simulation.tables.problem import Problem
from search.simulation.tables.table import CLEAN, Table
from searchspace.errors import UserError
from searchspace.space import Space
from trainables.study.study import Config

MISSING = "not in the table"  # a constraint
TOP = 1000  # the top is one in so many networks, at least one


@final
@dataclass(frozen=True)
class TableProblem(Problem):
    """A target and a floor over a table.

    Attributes:
        table: Of results.
        target: The metric that decides which network is best; higher is better.
        floor: Least value of the floor's metric that makes a network eligible; 0 for none.
        floor_metric: A column; by default clean accuracy.

    Raises:
        UserError: If the table lacks a column, or no network is eligible.
    """

    table: Table
    target: str
    floor: float
    floor_metric: str = CLEAN

    def __post_init__(self) -> None:
        self.table.column(self.target)
        if not self.eligible.any():
            best = self.table.column(self.floor_metric).max()
            name = f"{self.floor_metric} accuracy".replace(f"{CLEAN} ", "clean ")
            raise UserError(
                f"no network of {self.table.name} has {name} of {self.floor} or more: "
                f"the highest is {best}, lower --floor"
            )

    @cached_property
    def networks(self) -> Networks:
        """The networks of the table."""
        return read_networks(self.table.archs)

    @cached_property
    def eligible(self) -> npt.NDArray[np.bool_]:
        """Whether each network meets the floor, (N,)."""
        return self.table.column(self.floor_metric) >= self.floor

    @cached_property
    def top(self) -> npt.NDArray[np.bool_]:
        """Whether each is in the top 0.1 % of the eligible by the target, (N,), ties included."""
        return self.eligible & (self.table.column(self.target) >= self.threshold)

    @cached_property
    def threshold(self) -> float:
        """The least target of the top."""
        count = math.ceil(self.eligible.sum() / TOP)
        return float(np.sort(self._targets)[-count])

    @property
    def space(self) -> Space:
        """The space of the table's networks; it may have points that the table lacks."""
        return self.networks.space

    @property
    def best(self) -> float:
        """The highest target among the eligible."""
        return float(self._targets.max())

    def limits(self, point: Config) -> dict[str, float]:
        """Return a broken constraint for a point that the table lacks."""
        return {} if self.row(point) is not None else {MISSING: 1.0}

    def row(self, point: Config) -> int | None:
        """Return the row of a point's network; None where the table lacks it."""
        return self.networks.row(point)

    def canonical(self, point: Config) -> Config:
        """Return the point of the table that stands for all that mean the same network."""
        return self.networks.canonical(point)

    def arch(self, row: int) -> str:
        """Return a network as the table writes it."""
        return self.table.archs[row]

    def metrics(self, row: int) -> Mapping[str, float]:
        """Return all accuracies of a network by metric."""
        return {name: float(column[row]) for name, column in self.table.columns.items()}

    def violation(self, row: int) -> float | None:
        """Return by how much a network misses the floor, met at 0 and below; None for no floor."""
        if self.floor <= 0:
            return None
        return self.floor - float(self.table.column(self.floor_metric)[row])

    def is_top(self, row: int) -> bool:
        """Tell whether a network is in the top 0.1 % of the eligible."""
        return bool(self.top[row])

    @cached_property
    def _targets(self) -> npt.NDArray[np.float64]:
        return self.table.column(self.target)[self.eligible]
