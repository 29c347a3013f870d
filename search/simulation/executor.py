"""The executor in virtual time: an evaluation keeps a worker busy for as long as it costs."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, final

from search.simulation.tables.problem import Laboratory


@dataclass(frozen=True)
class Effort:
    """How much a search may try, and how.

    Attributes:
        trials: Number of networks.
        workers: Number of evaluations at the same time.
        scheduler: A name of `SCHEDULERS`.
        seed: Of proposals and draws.
    """

    trials: int
    workers: int
    scheduler: str
    seed: int


class Candidate(NamedTuple):
    """A network that is to be measured: the name of its trial, and its row of the table."""

    id: str
    row: int


class Contender(ABC):
    """A way to search: proposes what to measure, and learns the results."""

    @abstractmethod
    def propose(self) -> Candidate | None:
        """Return the next network to measure; None to end the search."""

    @abstractmethod
    def report(self, candidate: Candidate, rung: int, metrics: Mapping[str, float]) -> bool:
        """Learn what a rung measured; return whether the next rung follows.

        Args:
            candidate: That was measured.
            rung: From 0.
            metrics: Of this rung and of those below it, each in [0, 1].
        """

    @property
    @abstractmethod
    def winner(self) -> int | None:
        """The row of the network that the search chooses; None if none was good enough."""

    @property
    @abstractmethod
    def repeats(self) -> int:
        """How many proposals were of a network proposed before."""


@final
class VirtualClock:
    """Virtual time, in passes of one worker."""

    time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


class Evaluation(NamedTuple):
    """A measurement that has ended.

    Attributes:
        time: When it ended, in passes of one worker since the start.
        total_cost: Passes of all evaluations that have ended by then.
        row: Of the network.
        rung: That was measured, from 0.
    """

    time: float
    total_cost: float
    row: int
    rung: int


@dataclass(frozen=True)
class Shift:
    """The work of all workers in a search.

    Attributes:
        evaluations: In the order in which they ended.
        workers: How many there were.
    """

    evaluations: tuple[Evaluation, ...]
    workers: int

    @property
    def cost(self) -> float:
        """Passes of all evaluations."""
        return self.evaluations[-1].total_cost if self.evaluations else 0.0

    @property
    def utilisation(self) -> float:
        """Share of the workers' time, until the last evaluation ended, that they were busy."""
        return self.cost / (self.workers * self.evaluations[-1].time) if self.evaluations else 0.0


def execute(
    contender: Contender, laboratory: Laboratory, workers: int, clock: VirtualClock
) -> Shift:
    """Let a contender search; each evaluation ends when its cost has passed.

    Of evaluations that end at the same time, the one that started first ends first, and its worker
    gets new work before the next one ends: so a proposal is made from all results up to then, and
    from no later ones.

    Args:
        contender: Searches.
        laboratory: Measures.
        workers: How many, at least 1.
        clock: Shows the virtual time; moved on here.
    """
    idle, starts = workers, 0
    queue: list[tuple[float, int, Candidate, int]] = []  # end, order of the start, candidate, rung
    evaluations: list[Evaluation] = []
    total_cost = 0.0
    while True:
        while idle and (candidate := contender.propose()) is not None:
            idle, starts = idle - 1, starts + 1
            end = clock.time + laboratory.ladder.cost(0)
            heapq.heappush(queue, (end, starts, candidate, 0))
        if not queue:
            return Shift(tuple(evaluations), workers)
        clock.time, _, candidate, rung = heapq.heappop(queue)
        total_cost += laboratory.ladder.cost(rung)
        evaluations.append(Evaluation(clock.time, total_cost, candidate.row, rung))
        if contender.report(candidate, rung, laboratory.measure(candidate.row, rung)):
            starts += 1
            end = clock.time + laboratory.ladder.cost(rung + 1)
            heapq.heappush(queue, (end, starts, candidate, rung + 1))
        else:
            idle += 1
