"""The engine as a contender: the coordinator of real runs, in virtual time."""

from collections.abc import Mapping
from typing import final

from optuna.storages import InMemoryStorage

from search.engine.coordinator import Coordinator
from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import PointSource
from search.engine.rules import Rules
from search.engine.schedulers import SCHEDULERS
from search.engine.trial import Decision
from search.plan import startup_trials
from search.results.ranking import rank, winner
from search.samplers.registry import sampler_maker
from search.simulation.executor import Candidate, Contender, Effort, VirtualClock
from search.simulation.tables.ladder import Ladder
from search.simulation.tables.problem import Problem
from searchspace.names import lookup
from trainables.study.report import Report, Rung
from trainables.study.study import Config


@final
class Engine(Contender):
    """Coordinator, sampler, scheduler, judge and objective of real runs.

    Args:
        problem: What is to be found.
        ladder: What is measured, rung by rung.
        sampler: A name that `search.samplers.registry` resolves.
        effort: How much the search may try.
        clock: Of the executor.
    """

    def __init__(
        self, problem: Problem, ladder: Ladder, sampler: str, effort: Effort, clock: VirtualClock
    ) -> None:
        metrics = tuple(step.metric for step in ladder.rungs)
        self._problem = problem
        self._objective = Objective(metrics[-1], "max", metrics)
        space = problem.space
        startup = startup_trials(effort.trials, effort.workers)
        rules = Rules(
            source=PointSource(
                space=space,
                complete=dict,
                at_random=sampler_maker("random", space, effort.seed, 0),
                canonical=problem.canonical,
            ),
            references=(),
            trials=effort.trials,
            rungs=tuple(Rung(epochs, metric) for epochs, metric in enumerate(metrics, 1)),
            objective=self._objective,
            judge=Judge(self._problem.limits),
        )
        record = OptunaRecord(
            InMemoryStorage(),
            "simulation",
            space,
            "max",
            sampler_maker(sampler, space, effort.seed, startup),
        )
        scheduler = lookup(SCHEDULERS, effort.scheduler, "scheduler")()
        self._coordinator = Coordinator(rules, record, scheduler, [], clock)

    def propose(self) -> Candidate | None:
        """Ask the coordinator for the next trial."""
        trial = self._coordinator.propose()
        return None if trial is None else Candidate(trial.id, self._row(trial.config))

    def report(self, candidate: Candidate, rung: int, metrics: Mapping[str, float]) -> bool:
        """Report to the coordinator, as an executor of real trials does.

        Args:
            candidate: The network that was evaluated.
            rung: Its rung on the ladder, from 0.
            metrics: What the rung measured, by name.

        Returns:
            Whether the candidate goes on to the next rung.
        """
        constraints = self._problem.constraints(candidate.row)
        report = Report(rung + 1, dict(metrics), constraints=constraints, rung=rung)
        if self._coordinator.report(candidate.id, report) is Decision.CONTINUE:
            return True
        self._coordinator.complete(candidate.id)
        return False

    @property
    def winner(self) -> int | None:
        """The winner by the rule of real runs: best at the last rung, the floor met."""
        best = winner(rank(self._coordinator.trials.values(), self._objective))
        return None if best is None else self._row(best.trial.config)

    @property
    def repeats(self) -> int:
        """Number of proposals that were answered from the record."""
        return self._coordinator.proposals.known

    def _row(self, point: Config) -> int:
        row = self._problem.row(point)
        if row is None:
            raise RuntimeError(f"{dict(point)} has no row: it should have been refused")
        return row
