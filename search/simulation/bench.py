"""Many simulated searches: every method with every seed, on several processes."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from search.engine.schedulers import SCHEDULERS
from search.samplers.registry import REGISTRY, SAMPLERS
from search.simulation.executor import Effort
from search.simulation.outcome import ENGINE, Outcome, run_engine, run_peer
from search.simulation.peers import PEERS
from search.simulation.tables.generate import GENERATED, generate
from search.simulation.tables.ladder import Ladder, Prices
from search.simulation.tables.table import Table, read_table
from search.simulation.tables.table_problem import TableProblem
from searchspace.errors import UserError
from searchspace.names import lookup


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is simulated.

    Attributes:
        table: Path of a file, or `GENERATED`.
        target: The metric that decides which network is best.
        floor: Least clean accuracy of an eligible network, in [0, 1]; 0 for none.
        ladder: What the engine measures.
        prices: Of measurements, in passes for an image; the peers pay the target's.
        samplers: The engine's; each is a method.
        scheduler: The engine's.
        trials: Of every search, at least 1.
        workers: Of every search, at least 1.
        seeds: Number of searches of each method.
        seed: Of the first search; the later ones count up from it.
    """

    table: str
    target: str
    floor: float
    ladder: Ladder
    prices: Prices
    samplers: tuple[str, ...]
    scheduler: str
    trials: int
    workers: int
    seeds: int
    seed: int

    @property
    def methods(self) -> tuple[str, ...]:
        """The engine with each sampler, then its peers."""
        return (*self.engines, *PEERS)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engine with each of its samplers."""
        return tuple(ENGINE + sampler for sampler in self.samplers)

    def effort(self, seed: int) -> Effort:
        """Return the effort of the search with a seed."""
        return Effort(self.trials, self.workers, self.scheduler, seed)


@cache
def open_problem(setup: Setup) -> TableProblem:
    """Read the table of a setup and check the setup; done once a process.

    Raises:
        UserError: If something that the setup names does not exist.
    """
    for sampler in setup.samplers:
        REGISTRY.find(sampler)
    lookup(SCHEDULERS, setup.scheduler, "scheduler")
    if not setup.samplers:
        raise UserError(f"--sampler is empty: give one of {', '.join(SAMPLERS)}")
    if len(set(setup.samplers)) < len(setup.samplers):
        raise UserError(f"--sampler names one twice: {','.join(setup.samplers)}")
    table = generate(0) if setup.table == GENERATED else _read(Path(setup.table).expanduser())
    for rung in setup.ladder.rungs:
        table.column(rung.metric)
    return TableProblem(table, setup.target, setup.floor)


def _read(path: Path) -> Table:
    """Read a table, and say that one is made here where there is no such file."""
    if not path.exists():
        raise UserError(
            f"there is no table {path}: name a CSV file, or {GENERATED}, a table that is made here"
        )
    return read_table(path)


def search(setup: Setup, method: str, seed: int) -> Outcome:
    """Run one search.

    Args:
        setup: What is simulated.
        method: One of the setup's methods.
        seed: Of the search.
    """
    problem = open_problem(setup)
    if method in PEERS:
        return run_peer(problem, setup.prices, method, setup.effort(seed))
    return run_engine(problem, setup.ladder, method.removeprefix(ENGINE), setup.effort(seed))


def search_all(setup: Setup, jobs: int) -> Iterator[Outcome]:
    """Run every method with every seed, on ``jobs`` processes; outcomes come in that order."""
    open_problem(setup)  # so that a mistake is reported before processes start
    tasks = [
        (setup, method, setup.seed + number)
        for number in range(setup.seeds)
        for method in setup.methods
    ]
    if jobs == 1:
        yield from map(_search, tasks)
        return
    # Not forked: threads of numerical libraries do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_search, tasks)


def _search(task: tuple[Setup, str, int]) -> Outcome:
    return search(*task)
