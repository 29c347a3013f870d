"""The base of our samplers: options, and one method that draws a whole config."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from searchspace import random as to_random
from searchspace.space import Space


@dataclass(frozen=True)
class SamplerOptions:
    """What a sampler needs to know of a run.

    Attributes:
        space: Where it samples.
        seed: The same seed and the same history give the same proposal.
        startup: Number of random proposals before a model is used.
    """

    space: Space
    seed: int
    startup: int


class WholeConfigSampler(optuna.samplers.BaseSampler):
    """A sampler that draws a config at once, while Optuna asks for one parameter at a time."""

    def __init__(self, options: SamplerOptions) -> None:
        self._space = options.space
        self._seed = options.seed
        self._config: tuple[int, dict[str, Any]] = (-1, {})

    @abstractmethod
    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw a point of the space, conditional parameters only where they are active."""

    @final
    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Leave every parameter to `sample_independent`."""
        return {}

    @final
    def sample_relative(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Sample nothing here.

        Args:
            study: Of the run.
            trial: The trial that is asked for.
            search_space: Always empty, see `infer_relative_search_space`.
        """
        return {}

    @final
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401 - a parameter is a number or a string
        """Return a parameter of the config drawn for this trial.

        Args:
            study: Of the run.
            trial: The trial that is asked for; its whole config is drawn with its first parameter.
            param_name: Of the parameter.
            param_distribution: Of the parameter; the space already says it.
        """
        if self._config[0] != trial.number:
            self._config = (trial.number, self.draw(study, trial))
        return self._config[1][param_name]

    def _stream(self, trial: FrozenTrial) -> np.random.Generator:
        """Return the trial's own generator, so that a run can be resumed at any trial."""
        return np.random.default_rng([self._seed, trial.number])


@final
class RandomSampler(WholeConfigSampler):
    """Independent draws from the space's own distribution."""

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:  # noqa: ARG002
        """Draw a config, whatever the history."""
        return to_random.sample(self._space, self._stream(trial))


def standing(trial: FrozenTrial, direction: StudyDirection) -> tuple[float, ...]:
    """Return a key that sorts trials that have ended, best first, as Optuna's estimator does.

    Complete trials come first, by value; then pruned ones, by last rung and value; then those that
    violate constraints, by the sum of their violations.
    """
    sign = -1.0 if direction == StudyDirection.MAXIMIZE else 1.0
    violation = sum(value for value in trial.constraints.values() if value > 0)
    if violation:
        return (2.0, violation)
    if trial.state == TrialState.COMPLETE:
        return (0.0, sign * (trial.value or 0.0))
    if not trial.intermediate_values:
        return (1.0, 1.0)
    step, value = max(trial.intermediate_values.items())
    return (1.0, -float(step), sign * value)
