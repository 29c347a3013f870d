"""The run's Optuna study, and the truth about each trial that it is told.

The study lives in an append-only file, ``study.journal``: a driver that is killed leaves at most a
cut last line, no server and no lock of a database are needed, and optuna-dashboard opens it as it
is.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from searchspace import optuna as to_optuna
from searchspace.space import Space

FAILED = "failed"  # the constraint that a failed trial violates


def open_journal(file: Path) -> JournalStorage:
    """Open the file of a study."""
    return JournalStorage(JournalFileBackend(str(file)))


class OptunaRecord:
    """Asks for configs and tells outcomes; trials are known by the engine's ids.

    How Optuna's estimator takes each: completed trials by value; pruned ones behind them, by last
    step and value; any with a constraint above 0 behind those, by the sum of violations. It ignores
    state FAIL, so that a config told so is proposed again: a failure is told as PRUNED with a
    violated constraint instead.
    """

    def __init__(
        self,
        storage: BaseStorage,
        name: str,
        space: Space,
        direction: Literal["max", "min"],
        sampler: optuna.samplers.BaseSampler,
    ) -> None:
        optuna.logging.set_verbosity(
            optuna.logging.WARNING
        )  # one line a trial is the progress's to say
        self._space = space
        self._asked: dict[str, optuna.Trial] = {}
        self.study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize" if direction == "max" else "minimize",
            sampler=sampler,
        )

    def ask(self, trial_id: str, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """Ask for a point of the space; one not accepted is told as FAIL, which no model sees."""
        trial = self.study.ask()
        sample = to_optuna.suggest(self._space, trial)
        if not accept(sample):
            self.study.tell(trial, state=TrialState.FAIL)
            return None
        self._keep(trial_id, trial)
        return sample

    def insert(self, trial_id: str, sample: dict[str, Any]) -> None:
        """Add a trial with a given point of the space."""
        self.study.enqueue_trial(sample)
        trial = self.study.ask()
        to_optuna.suggest(self._space, trial)
        self._keep(trial_id, trial)

    def refuse(self, trial_id: str, constraints: dict[str, float]) -> None:
        """Tell that a config violates constraints that need no training."""
        self._tell(trial_id, constraints, state=TrialState.PRUNED)

    def report(self, trial_id: str, value: float, epoch: int) -> None:
        """Tell a trial's value at a rung."""
        if trial := self._asked.get(trial_id):
            trial.report(value, step=epoch)

    def complete(self, trial_id: str, value: float, constraints: dict[str, float]) -> None:
        """Tell that a trial reached its budget; a missed floor is a constraint above 0."""
        self._tell(trial_id, constraints, value=value)

    def prune(self, trial_id: str, constraints: dict[str, float]) -> None:
        """Tell that a trial was stopped below its budget; its reports are known."""
        self._tell(trial_id, constraints, state=TrialState.PRUNED)

    def fail(self, trial_id: str) -> None:
        """Tell that a config does not work."""
        self._tell(trial_id, {FAILED: 1.0}, state=TrialState.PRUNED)

    def forget(self, trial_id: str) -> None:
        """Tell that nothing was learned about a config."""
        self._tell(trial_id, {}, state=TrialState.FAIL)

    def _keep(self, trial_id: str, trial: optuna.Trial) -> None:
        trial.set_user_attr("trial", trial_id)
        self._asked[trial_id] = trial

    def _tell(
        self,
        trial_id: str,
        constraints: dict[str, float],
        **outcome: Any,  # noqa: ANN401
    ) -> None:
        trial = self._asked.pop(trial_id, None)
        if trial is None:  # a reference outside the space
            return
        for name, value in constraints.items():
            trial.set_constraint(name, 1.0 if math.isnan(value) else value)
        self.study.tell(trial, outcome.get("value"), state=outcome.get("state"))
