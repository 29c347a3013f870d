"""What a simulated search is to find, and what it may measure on the way."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from search.simulation.tables.ladder import ALL, Ladder
from search.simulation.tables.table import CLEAN
from searchspace.space import Space
from trainables.study.study import Config

FLOOR = "floor"  # the constraint


class Problem(ABC):
    """A target and a floor over the networks of a space; networks are known by a number, their row.

    Attributes:
        target: The metric that decides which network is best; higher is better.
    """

    target: str

    @property
    @abstractmethod
    def space(self) -> Space:
        """The space whose points are networks."""

    @property
    @abstractmethod
    def best(self) -> float:
        """The highest target among the eligible, as far as it is known."""

    @abstractmethod
    def limits(self, point: Config) -> dict[str, float]:
        """Return constraints that need no measurement; points that break one are not measured."""

    @abstractmethod
    def row(self, point: Config) -> int | None:
        """Return the row of a point's network; None where there is no such network."""

    @abstractmethod
    def canonical(self, point: Config) -> Config:
        """Return the point that stands for all that mean the same network."""

    @abstractmethod
    def arch(self, row: int) -> str:
        """Return a network as a text."""

    @abstractmethod
    def metrics(self, row: int) -> Mapping[str, float]:
        """Return all accuracies of a network by metric, each in [0, 1]."""

    @abstractmethod
    def violation(self, row: int) -> float | None:
        """Return by how much a network misses the floor, met at 0 and below; None for no floor."""

    @abstractmethod
    def is_top(self, row: int) -> bool:
        """Tell whether a network is among the few that a search is to find."""

    @property
    @abstractmethod
    def _targets(self) -> npt.NDArray[np.float64]:
        """The targets of the eligible, of a sample of them where there are too many, (N,)."""

    @final
    @cached_property
    def middle(self) -> float:
        """The median target of the eligible."""
        return float(np.median(self._targets))

    @final
    def ahead(self, row: int | None) -> float:
        """Return the share of the eligible that beat a winner; 1 if there is no winner."""
        if row is None or not self.is_eligible(row):
            return 1.0
        return float(np.mean(self._targets > self.metrics(row)[self.target]))

    @final
    def is_eligible(self, row: int) -> bool:
        """Tell whether a network meets the floor."""
        return (self.violation(row) or 0.0) <= 0

    @final
    def constraints(self, row: int) -> dict[str, float]:
        """Return the floor as a constraint, met at 0 and below; empty where there is none."""
        violation = self.violation(row)
        return {} if violation is None else {FLOOR: violation}

    @final
    def regret(self, row: int | None) -> float:
        """Return by how much a winner's target misses the best; all of it if there is no winner."""
        if row is None or not self.is_eligible(row):
            return self.best
        return self.best - self.metrics(row)[self.target]


@final
@dataclass(frozen=True)
class Laboratory:
    """Measures networks, rung by rung: a search sees no more of them.

    On fewer images than the table's, an accuracy is a binomial draw, the same each time that the
    same network is measured. A search on a fixed subset would do better, as it compares the
    networks on the same images.

    Attributes:
        problem: Has the networks.
        ladder: What is measured at each rung.
        seed: Of the binomial draws.
    """

    problem: Problem
    ladder: Ladder
    seed: int

    def measure(self, row: int, rung: int) -> dict[str, float]:
        """Return clean accuracy, and the metrics of this rung and of those below it."""
        accuracies = self.problem.metrics(row)
        metrics = {CLEAN: accuracies[CLEAN]}
        for level in range(rung + 1):
            step = self.ladder.rungs[level]
            metrics[step.metric] = self._sample(accuracies[step.metric], step.images, row, level)
        return metrics

    def _sample(self, accuracy: float, images: int, row: int, rung: int) -> float:
        if images == ALL:
            return accuracy
        generator = np.random.default_rng([self.seed, row, rung])
        return float(generator.binomial(images, accuracy) / images)
