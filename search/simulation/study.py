"""One simulated search, from a seed to the numbers that are compared."""

import math
from dataclasses import dataclass

from search.simulation.engine import Engine
from search.simulation.executor import Clock, Contender, Effort, Shift, execute
from search.simulation.peers import PEERS, Peer
from search.simulation.tables.ladder import Ladder, Prices, parse_ladder
from search.simulation.tables.problem import Laboratory, Problem

ENGINE = "engine "  # before the name of a sampler: "random" is a peer as well


@dataclass(frozen=True)
class Outcome:
    """What came of a search.

    Attributes:
        method: Who searched.
        seed: Of the search.
        arch: The winner; empty where there is none.
        success: Whether the winner is in the top 0.1 % of the eligible by the target.
        regret: By how much its target misses the best of the eligible, in the table's numbers.
        cost: Passes of all evaluations.
        cost_to_top: Passes spent when the last rung first saw a network of the top; infinite where
            it never did.
        utilisation: Share of the workers' time that they were busy.
        trials: Networks measured, a repeat counting again.
        last_rung: Trials that the last rung measured.
        known: Proposals of a network proposed before: free for the engine, trials for its peers.
        infeasible: Trials that missed the floor.
    """

    method: str
    seed: int
    arch: str
    success: bool
    regret: float
    cost: float
    cost_to_top: float
    utilisation: float
    trials: int
    last_rung: int
    known: int
    infeasible: int


def run_engine(problem: Problem, ladder: Ladder, sampler: str, effort: Effort) -> Outcome:
    """Search with the engine and one of its samplers."""
    clock = Clock()
    engine = Engine(problem, ladder, sampler, effort, clock)
    return _search(
        ENGINE + sampler, engine, Laboratory(problem, ladder, effort.seed), effort, clock
    )


def run_peer(problem: Problem, prices: Prices, name: str, effort: Effort) -> Outcome:
    """Search as a peer does, each trial paying for the target and clean accuracy in full."""
    ladder = parse_ladder(problem.target, None, prices)
    peer = Peer(problem, PEERS[name], effort)
    return _search(name, peer, Laboratory(problem, ladder, effort.seed), effort, Clock())


def _search(
    method: str, contender: Contender, laboratory: Laboratory, effort: Effort, clock: Clock
) -> Outcome:
    shift = execute(contender, laboratory, effort.workers, clock)
    problem, row = laboratory.problem, contender.winner
    last = len(laboratory.ladder.rungs) - 1
    tried = [evaluation.row for evaluation in shift.evaluations if evaluation.rung == 0]
    return Outcome(
        method=method,
        seed=effort.seed,
        arch="" if row is None else problem.table.archs[row],
        success=row is not None and bool(problem.top[row]),
        regret=problem.regret(row),
        cost=shift.cost,
        cost_to_top=_cost_to_top(problem, shift, last),
        utilisation=shift.utilisation,
        trials=len(tried),
        last_rung=sum(evaluation.rung == last for evaluation in shift.evaluations),
        known=contender.known,
        infeasible=sum(not problem.eligible[row] for row in tried),
    )


def _cost_to_top(problem: Problem, shift: Shift, last: int) -> float:
    return next(
        (e.spent for e in shift.evaluations if e.rung == last and problem.top[e.row]), math.inf
    )
