"""Run the searches of a suite that its file lacks, one after the other."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from search.samplers.registry import REGISTRY
from search.simulation.executor import Effort
from search.simulation.outcome import ENGINE, Outcome, run_engine, run_peer
from search.simulation.peers import PEERS, SLOW_PEERS
from search.simulation.suite.results import Result, ResultFile
from search.simulation.suite.tasks import PRICES, Task
from search.simulation.tables.ladder import parse_ladder
from search.simulation.tables.problem import Problem

SCHEDULER = "asha"
SLOW = (f"{ENGINE}gp", *SLOW_PEERS)  # methods that take half a minute a search, and more


@final
@dataclass(frozen=True, kw_only=True)
class Suite:
    """What is compared.

    Attributes:
        tasks: To search.
        methods: ``engine NAME`` for a sampler, or names of `PEERS` and `SLOW_PEERS`.
        searches: Of each task by each method.
        slow_searches: The same for `SLOW` methods, at most ``searches``.
        trials: Of each search.
        workers: Of each search.
    """

    tasks: Sequence[Task]
    methods: tuple[str, ...]
    searches: int
    slow_searches: int
    trials: int
    workers: int

    def count(self, method: str) -> int:
        """Return the number of searches of each task by a method."""
        return min(self.searches, self.slow_searches) if method in SLOW else self.searches

    def keys(self, task: Task, method: str) -> list[tuple[str, str, int, int, int]]:
        """Return the keys of a method's searches of a task."""
        seeds = range(task.seed, task.seed + self.count(method))
        return [(task.name, method, seed, self.trials, self.workers) for seed in seeds]

    def check(self) -> None:
        """Check that the methods exist.

        Raises:
            UserError: If a sampler does not.
        """
        for method in self.methods:
            if method not in PEERS | SLOW_PEERS:
                REGISTRY.find(method.removeprefix(ENGINE))


def run(suite: Suite, file: ResultFile) -> Iterator[Result]:
    """Run what the file lacks; each result is in the file before it is returned.

    The first search of every task comes before the second of any, so that a suite that is stopped
    says something about all.
    """
    suite.check()
    for number in range(suite.searches):
        for task in suite.tasks:
            for method in suite.methods:
                for key in suite.keys(task, method)[number : number + 1]:
                    if key not in file:
                        result = _search(suite, task, method, key[2])
                        file.add(result)
                        yield result


def _search(suite: Suite, task: Task, method: str, seed: int) -> Result:
    problem, effort = task.make(), Effort(suite.trials, suite.workers, SCHEDULER, seed)
    full = parse_ladder(problem.target, None, PRICES).cost(0)
    start = time.process_time()
    if method in PEERS | SLOW_PEERS:
        outcome = run_peer(problem, PRICES, method, effort)
    else:
        outcome = run_engine(problem, task.ladder, method.removeprefix(ENGINE), effort)
    return Result(
        task=task.name,
        method=method,
        seed=seed,
        trials=suite.trials,
        workers=suite.workers,
        success=outcome.success,
        regret=shortfall(problem, outcome),
        ahead=outcome.ahead,
        infeasible=outcome.infeasible / max(outcome.trials, 1),
        cost=outcome.cost / full,
        seconds=round(time.process_time() - start, 3),
    )


def shortfall(problem: Problem, outcome: Outcome) -> float:
    """Return the regret as a share of what lies between the median of the eligible and the best."""
    scale = problem.best - problem.middle
    return float(min(max(outcome.regret / scale, 0.0), 1.0)) if scale > 0 else 0.0
