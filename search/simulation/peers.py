"""Other ways to search the same table, used as they come: no ladder, no answers from a record.

Every trial pays for the target on all images, also where its network was measured before.
"""

from collections.abc import Callable, Mapping
from typing import final

import optuna
from optuna.trial import TrialState

from search.engine.proposals import REFUSALS
from search.samplers.registry import sampler_maker
from search.simulation.executor import Candidate, Contender, Effort
from search.simulation.tables.problem import FLOOR, Problem
from searchspace import optuna as to_optuna
from searchspace.space import Space

HYPEROPT_STARTUP = 20  # hyperopt's own default
MakePeer = Callable[[Space, int], optuna.samplers.BaseSampler]

PEERS: dict[str, MakePeer] = {
    "Optuna TPE": lambda _, seed: optuna.samplers.TPESampler(seed=seed),
    "Hyperopt TPE": lambda space, seed: sampler_maker("hyperopt", space, seed, HYPEROPT_STARTUP)(0),
    "random": lambda space, seed: sampler_maker("random", space, seed, 0)(0),
}
SLOW_PEERS: dict[str, MakePeer] = {  # half a minute a search and more; only the suite has them
    "Optuna GP": lambda _, seed: optuna.samplers.GPSampler(
        seed=seed, warn_independent_sampling=False
    ),
}


@final
class Peer(Contender):
    """The ask-and-tell loop of an Optuna study, with a constraint for a missed floor.

    Hyperopt knows no constraints: it gets ranks, in which networks that miss the floor come last.
    Points that the table lacks are reported as infeasible and cost nothing, as in the engine.
    """

    def __init__(self, problem: Problem, make: MakePeer, effort: Effort) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._problem = problem
        self._budget = effort.trials
        self._trials: dict[str, optuna.Trial] = {}
        self._rows: list[int] = []
        self._targets: dict[int, float] = {}  # by row, of networks that meet the floor
        self._study = optuna.create_study(
            direction="maximize", sampler=make(problem.space, effort.seed)
        )

    def propose(self) -> Candidate | None:
        """Ask until a point is in the table, as often as the engine would."""
        if not self._budget:
            return None
        for _ in range(REFUSALS):
            trial = self._study.ask()
            point = to_optuna.suggest(self._problem.space, trial)
            row, limits = self._problem.row(point), self._problem.limits(point)
            for name, value in limits.items():
                trial.set_constraint(name, value)
            if row is None or any(value > 0 for value in limits.values()):
                self._study.tell(trial, state=TrialState.PRUNED)
                continue
            self._budget -= 1
            self._rows.append(row)
            self._trials[str(trial.number)] = trial
            return Candidate(str(trial.number), row)
        self._budget = 0
        return None

    def report(
        self,
        candidate: Candidate,
        rung: int,  # noqa: ARG002
        metrics: Mapping[str, float],
    ) -> bool:
        """Tell the study the target and by how much the floor is missed; there is one rung.

        Args:
            candidate: The network that was evaluated.
            rung: Always 0.
            metrics: Of the network, by name; the target is one of them.
        """
        trial = self._trials.pop(candidate.id)
        constraints = self._problem.constraints(candidate.row)
        if constraints:
            trial.set_constraint(FLOOR, constraints[FLOOR])
        value = metrics[self._problem.target]
        self._study.tell(trial, value)
        if self._problem.is_eligible(candidate.row):
            self._targets[candidate.row] = value
        return False

    @property
    def winner(self) -> int | None:
        """The network with the highest target among those that meet the floor."""
        return max(self._targets, key=self._targets.__getitem__, default=None)

    @property
    def repeats(self) -> int:
        """Number of trials of a network measured before."""
        return len(self._rows) - len(set(self._rows))
