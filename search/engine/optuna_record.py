"""The run's Optuna study, and the truth about each trial that it is told."""

import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from searchspace import optuna as to_optuna
from searchspace.domains import Value
from searchspace.space import Space

FAILED = "failed"  # the constraint that a failed trial violates
# optuna-dashboard looks for constraints in a list under this attribute. Optuna 5 reads it as well,
# as a further constraint named "0": so it gets one number, with next to no weight.
MIRROR, MIRROR_SCALE = "constraints", 1e-9
MIRRORED = "0"


class MakeSampler(Protocol):
    """Makes the sampler of a question from its number."""

    def __call__(self, number: int, /, *, arm: Value | None = None) -> optuna.samplers.BaseSampler:
        """Make a sampler.

        Args:
            number: Of the question.
            arm: The option of `Space.arms` for which the question is; None in a space without.
        """


class OptunaRecord:
    """Asks for configs and tells outcomes; trials are known by the engine's ids.

    How Optuna's estimator takes each: completed trials by value; pruned ones behind them, by last
    step and value; any with a constraint above 0 behind those, by the sum of violations. It ignores
    state FAIL, so that a config told so is proposed again: a failure is told as PRUNED with a
    violated constraint instead.

    Each question gets a sampler of its own, made from the number of the question: a proposal is a
    function of that and of what the study holds, and of nothing that a killed process had in mind.

    A space with arms has a study for each of them, with the parameters of that arm alone: a sampler
    searches each as if there were no other.
    """

    def __init__(
        self,
        storage: BaseStorage,
        name: str,
        space: Space,
        direction: Literal["max", "min"],
        make_sampler: MakeSampler,
        second: Literal["max", "min"] | None = None,
    ) -> None:
        optuna.logging.set_verbosity(
            optuna.logging.WARNING
        )  # one line a trial is the progress's to say
        self._space, self._storage = space, storage
        self._make_sampler = make_sampler
        self._asked: dict[str, optuna.Trial] = {}
        self._questions = 0
        self._two = second is not None
        directions = [_optunas(item) for item in (direction, second) if item is not None]
        self.studies = {
            arm: optuna.create_study(
                storage=storage,
                study_name=name if arm is None else f"{name} {arm}",
                directions=directions,
                sampler=optuna.samplers.RandomSampler(),  # each question brings its own
            )
            for arm in space.arm_options or (None,)
        }

    @property
    def study(self) -> optuna.Study:
        """The study of a space without arms; of one with arms, that of the first."""
        return next(iter(self.studies.values()))

    def ask(
        self,
        trial_id: str,
        point: dict[str, Any] | None = None,
        make: MakeSampler | None = None,
        arm: Value | None = None,
    ) -> dict[str, Any]:
        """Ask for a point of the space, or take a given one.

        Args:
            trial_id: Whose outcome will be told.
            point: Taken instead of asking.
            make: Makes the sampler, where it is not the run's own.
            arm: Of the point that is asked for, in a space with arms.

        Raises:
            UserError: If a given point has no arm, in a space with arms.
        """
        space, fixed = self._space, {}
        if space.arms:
            arm = self._arm_of(point) if point is not None else arm
            if arm is None:
                raise ValueError(f"a question in {space.name} is for one of {space.arm_options}")
            space, fixed = space.of_arm(arm), {space.arms: arm}
        study, number = self.studies[arm], self._questions
        if point is not None:
            study.enqueue_trial({k: value for k, value in point.items() if k not in fixed})
        make = make or self._make_sampler
        study.sampler = make(number) if arm is None else make(number, arm=arm)
        self._questions += 1
        trial = study.ask()
        sample = to_optuna.suggest(space, trial)
        trial.set_user_attr("trial", trial_id)
        self._asked[trial_id] = trial
        return {
            param.name: (fixed | sample)[param.name]
            for param in self._space.params
            if param.name in fixed | sample
        }

    def refuse(self, trial_id: str, constraints: dict[str, float]) -> None:
        """Tell that a config violates constraints that need no training."""
        self._tell(trial_id, constraints, state=TrialState.PRUNED)

    def report(self, trial_id: str, value: float, rung: int) -> None:
        """Tell a trial's value at a rung; with two objectives Optuna takes none.

        Args:
            trial_id: The engine's.
            value: Of the metric that ranks; a finite number.
            rung: Its place on the ladder, from 0.
        """
        if not self._two and (trial := self._asked.get(trial_id)):
            trial.report(value, step=rung)

    def complete(
        self,
        trial_id: str,
        value: float,
        constraints: dict[str, float],
        second: float | None = None,
    ) -> None:
        """Tell that a trial reached its budget; a missed floor is a constraint above 0.

        Args:
            trial_id: The engine's.
            value: Of the metric that ranks.
            constraints: Each met at 0 and below.
            second: Value of the second metric; None for one objective.
        """
        values = [value] if second is None else [value, second]
        self._tell(trial_id, constraints, value=values)

    def prune(self, trial_id: str, constraints: dict[str, float]) -> None:
        """Tell that a trial was stopped below its budget; its reports are known."""
        self._tell(trial_id, constraints, state=TrialState.PRUNED)

    def fail(self, trial_id: str) -> None:
        """Tell that a config does not work."""
        self._tell(trial_id, {FAILED: 1.0}, state=TrialState.PRUNED)

    def forget(self, trial_id: str) -> None:
        """Tell that nothing was learned about a config; no model sees it."""
        self._tell(trial_id, {}, state=TrialState.FAIL)

    def _arm_of(self, point: Mapping[str, Any]) -> Value:
        """Return the arm of a point.

        Raises:
            UserError: If it names none.
        """
        self._space.check(point)
        arm: Value = point[self._space.arms]
        return arm

    def _tell(
        self,
        trial_id: str,
        constraints: dict[str, float],
        **outcome: Any,  # noqa: ANN401
    ) -> None:
        trial = self._asked.pop(trial_id, None)
        if trial is None:  # a reference outside the space
            return
        finite = {name: 1.0 if math.isnan(value) else value for name, value in constraints.items()}
        if finite:
            violation = sum(max(0.0, value) for value in finite.values())
            self._storage.set_trial_system_attr(
                trial._trial_id,  # noqa: SLF001 - a trial offers no other way to set one
                MIRROR,
                [MIRROR_SCALE * violation],
            )
        for name, value in finite.items():
            trial.set_constraint(name, value)
        trial.study.tell(trial, outcome.get("value"), state=outcome.get("state"))


def _optunas(direction: Literal["max", "min"]) -> StudyDirection:
    return StudyDirection.MAXIMIZE if direction == "max" else StudyDirection.MINIMIZE
