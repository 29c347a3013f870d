"""One simulated search, from a seed to the numbers that are compared."""

import math
from dataclasses import dataclass

from search.simulation.engine import Engine
from search.simulation.executor import Contender, Effort, Shift, VirtualClock, execute
from search.simulation.peers import PEERS, SLOW_PEERS, Peer
from search.simulation.tables.ladder import Ladder, Prices, parse_ladder
from search.simulation.tables.problem import Laboratory, Problem

ENGINE = "engine "  # before the name of a sampler: "random" is a peer as well


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The numbers of one search.

    Attributes:
        method: By which it was made.
        seed: Of the search.
        arch: The winner; empty where there is none.
        success: Whether the winner is in the top 0.1 % of the eligible by the target.
        regret: By how much its target misses the best of the eligible, in the table's numbers.
        ahead: Share of the eligible whose target is higher; 1 where there is no winner.
        cost: Passes of all evaluations.
        cost_to_top: Passes until the last rung first measured a network of the top; infinite if it
            never did.
        utilisation: Share of the workers' time that they were busy.
        trials: Number of networks measured, a repeat counting again.
        last_rung: Number of trials that the last rung measured.
        known: Number of proposals of a network proposed before: free for the engine, trials for its
            peers. (A column of the file of results.)
        infeasible: Number of trials that missed the floor.
    """

    method: str
    seed: int
    arch: str
    success: bool
    regret: float
    ahead: float
    cost: float
    cost_to_top: float
    utilisation: float
    trials: int
    last_rung: int
    known: int
    infeasible: int


def run_engine(problem: Problem, ladder: Ladder, sampler: str, effort: Effort) -> Outcome:
    """Search with the engine.

    Args:
        problem: What is to be found.
        ladder: What is measured, rung by rung.
        sampler: A name that `search.samplers.registry` resolves.
        effort: How much the search may try.
    """
    clock, laboratory = VirtualClock(), Laboratory(problem, ladder, effort.seed)
    engine = Engine(problem, ladder, sampler, effort, clock)
    return _search(ENGINE + sampler, engine, laboratory, effort, clock)


def run_peer(problem: Problem, prices: Prices, name: str, effort: Effort) -> Outcome:
    """Search as a peer does, each trial paying for the target and clean accuracy in full.

    Args:
        problem: What is to be found.
        prices: In passes for an image.
        name: Of `PEERS` or `SLOW_PEERS`.
        effort: How much the search may try.
    """
    laboratory = Laboratory(problem, parse_ladder(problem.target, None, prices), effort.seed)
    peer = Peer(problem, (PEERS | SLOW_PEERS)[name], effort)
    return _search(name, peer, laboratory, effort, VirtualClock())


def _search(
    method: str,
    contender: Contender,
    laboratory: Laboratory,
    effort: Effort,
    clock: VirtualClock,
) -> Outcome:
    shift = execute(contender, laboratory, effort.workers, clock)
    problem, row = laboratory.problem, contender.winner
    top_rung = len(laboratory.ladder.rungs) - 1
    rows = [evaluation.row for evaluation in shift.evaluations if evaluation.rung == 0]
    return Outcome(
        method=method,
        seed=effort.seed,
        arch="" if row is None else problem.arch(row),
        success=row is not None and problem.is_top(row),
        regret=problem.regret(row),
        ahead=problem.ahead(row),
        cost=shift.cost,
        cost_to_top=_cost_to_top(problem, shift, top_rung),
        utilisation=shift.utilisation,
        trials=len(rows),
        last_rung=sum(evaluation.rung == top_rung for evaluation in shift.evaluations),
        known=contender.repeats,
        infeasible=sum(not problem.is_eligible(row) for row in rows),
    )


def _cost_to_top(problem: Problem, shift: Shift, rung: int) -> float:
    return next(
        (e.total_cost for e in shift.evaluations if e.rung == rung and problem.is_top(e.row)),
        math.inf,
    )
