"""Other ways to search the same table, as their users would: no ladder, no record of the known.

Every trial pays for the target on all images, a network tried before included.
"""

from collections.abc import Callable, Mapping
from typing import final

import optuna
from optuna.trial import TrialState

from search.engine.proposals import REFUSALS
from search.samplers.registry import sampler_maker
from search.simulation.executor import Contender, Effort, Job
from search.simulation.tables.problem import FLOOR, MISSING, Problem
from searchspace import optuna as to_optuna
from searchspace.space import Space

HYPEROPT_STARTUP = 20  # hyperopt's own default
MakePeer = Callable[[Space, int], optuna.samplers.BaseSampler]

PEERS: dict[str, MakePeer] = {
    "Optuna TPE": lambda _, seed: optuna.samplers.TPESampler(seed=seed),
    "Hyperopt TPE": lambda space, seed: sampler_maker("hyperopt", space, seed, HYPEROPT_STARTUP)(0),
    "random": lambda space, seed: sampler_maker("random", space, seed, 0)(0),
}


@final
class Peer(Contender):
    """Ask and tell of an Optuna study; a missed floor is told as Optuna's users tell it.

    Hyperopt knows no constraints: it is told ranks, in which networks that miss the floor come
    last. Points that the table lacks are told as infeasible and cost nothing, as in the engine.
    """

    def __init__(self, problem: Problem, make: MakePeer, effort: Effort) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._problem = problem
        self._left = effort.trials
        self._asked: dict[str, optuna.Trial] = {}
        self._tried: list[int] = []
        self._told: dict[int, float] = {}
        self._study = optuna.create_study(
            direction="maximize", sampler=make(problem.networks.space, effort.seed)
        )

    def propose(self) -> Job | None:
        """Ask until a point is in the table, as often as the engine would."""
        if not self._left:
            return None
        for _ in range(REFUSALS):
            trial = self._study.ask()
            row = self._problem.networks.row(to_optuna.suggest(self._problem.networks.space, trial))
            if row is None:
                trial.set_constraint(MISSING, 1.0)
                self._study.tell(trial, state=TrialState.PRUNED)
                continue
            self._left -= 1
            self._tried.append(row)
            self._asked[str(trial.number)] = trial
            return Job(str(trial.number), row)
        self._left = 0
        return None

    def report(self, job: Job, rung: int, metrics: Mapping[str, float]) -> bool:  # noqa: ARG002
        """Tell the target and by how much the floor is missed; there is no next rung."""
        trial = self._asked.pop(job.id)
        constraints = self._problem.constraints(job.row)
        if constraints:
            trial.set_constraint(FLOOR, constraints[FLOOR])
        value = metrics[self._problem.target]
        self._study.tell(trial, value)
        if self._problem.eligible[job.row]:
            self._told[job.row] = value
        return False

    @property
    def winner(self) -> int | None:
        """The best that met the floor."""
        return max(self._told, key=self._told.__getitem__, default=None)

    @property
    def known(self) -> int:
        """Trials of a network tried before."""
        return len(self._tried) - len(set(self._tried))
