"""The executor without time: workers that are busy for as long as an evaluation costs."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, final

from search.simulation.tables.problem import Laboratory


@dataclass(frozen=True)
class Effort:
    """How much a run may try, and how.

    Attributes:
        trials: Networks.
        workers: At the same time.
        scheduler: A name of `SCHEDULERS`.
        seed: Of proposals and draws.
    """

    trials: int
    workers: int
    scheduler: str
    seed: int


class Job(NamedTuple):
    """A network that is to be measured."""

    id: str
    row: int


class Contender(ABC):
    """A way to search: says what to measure, and learns what was found."""

    @abstractmethod
    def propose(self) -> Job | None:
        """Return the next network to measure; None where nothing more is to be tried."""

    @abstractmethod
    def report(self, job: Job, rung: int, metrics: Mapping[str, float]) -> bool:
        """Learn what a rung's measurement showed; tell whether the next rung follows."""

    @property
    @abstractmethod
    def winner(self) -> int | None:
        """The row that is handed over at the end; None where no network was good enough."""

    @property
    @abstractmethod
    def known(self) -> int:
        """How many proposals were of a network proposed before."""


@final
class Clock:
    """Virtual time, in passes of one worker."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Evaluation(NamedTuple):
    """What was measured, when it was known.

    Attributes:
        time: Passes of one worker since the start.
        spent: Passes of all evaluations that have ended by then.
        row: The network.
        rung: What was measured.
    """

    time: float
    spent: float
    row: int
    rung: int


@dataclass(frozen=True)
class Shift:
    """What the workers did.

    Attributes:
        evaluations: In the order in which they ended.
        workers: How many there were.
    """

    evaluations: tuple[Evaluation, ...]
    workers: int

    @property
    def cost(self) -> float:
        """Passes of all evaluations."""
        return self.evaluations[-1].spent if self.evaluations else 0.0

    @property
    def utilisation(self) -> float:
        """Share of the workers' time, until the last evaluation ended, that they were busy."""
        return self.cost / (self.workers * self.evaluations[-1].time) if self.evaluations else 0.0


def execute(contender: Contender, laboratory: Laboratory, workers: int, clock: Clock) -> Shift:
    """Let a contender search; each evaluation ends when its cost has passed.

    Of evaluations that end at the same time, the one begun first does, and its worker is given new
    work before the next is looked at: proposals know all that is known, and no more.
    """
    idle, begun = workers, 0
    ends: list[tuple[float, int, Job, int]] = []  # time, order, what
    done: list[Evaluation] = []
    spent = 0.0
    while True:
        while idle and (job := contender.propose()) is not None:
            idle, begun = idle - 1, begun + 1
            heapq.heappush(ends, (clock.now + laboratory.ladder.cost(0), begun, job, 0))
        if not ends:
            return Shift(tuple(done), workers)
        clock.now, _, job, rung = heapq.heappop(ends)
        spent += laboratory.ladder.cost(rung)
        done.append(Evaluation(clock.now, spent, job.row, rung))
        if contender.report(job, rung, laboratory.measure(job.row, rung)):
            begun += 1
            cost = laboratory.ladder.cost(rung + 1)
            heapq.heappush(ends, (clock.now + cost, begun, job, rung + 1))
        else:
            idle += 1
