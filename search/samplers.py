"""Samplers propose configs; each is an Optuna sampler: the run's Optuna study is the one memory.

What a trial told the study (`search.optuna_record`) is what every sampler learns from: completed
trials by value, then pruned ones by rung and value, then those that violate a constraint or failed.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import hyperopt
import numpy as np
import optuna
from hyperopt import base as hyperopt_base
from hyperopt import tpe as hyperopt_tpe
from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from searchspace import hyperopt as to_hyperopt
from searchspace import random as to_random
from searchspace.space import Space


@dataclass(frozen=True)
class SamplerOptions:
    """What a sampler needs to know of a run.

    Attributes:
        space: Where it samples.
        seed: Same seed and same history, same proposal.
        startup: Random proposals before a model is trusted.
    """

    space: Space
    seed: int
    startup: int


class WholeConfigSampler(optuna.samplers.BaseSampler):
    """A sampler that draws a config at once, while Optuna asks for one parameter at a time."""

    def __init__(self, options: SamplerOptions) -> None:
        self._space = options.space
        self._seed = options.seed
        self._drawn: tuple[int, dict[str, Any]] = (-1, {})

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
        """Sample nothing here."""
        return {}

    @final
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401 - a parameter is a number or a string
        """Return a parameter of the config drawn for this trial."""
        if self._drawn[0] != trial.number:
            self._drawn = (trial.number, self.draw(study, trial))
        return self._drawn[1][param_name]

    def _stream(self, trial: FrozenTrial) -> np.random.Generator:
        """Return a generator of this trial's own, so that a run can be taken up at any trial."""
        return np.random.default_rng([self._seed, trial.number])


@final
class RandomSampler(WholeConfigSampler):
    """Independent draws from the space's own distribution."""

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:  # noqa: ARG002
        """Draw."""
        return to_random.sample(self._space, self._stream(trial))


@final
class HyperoptSampler(WholeConfigSampler):
    """Hyperopt's tree-structured Parzen estimator [tpe], told what Optuna's is told.

    Hyperopt splits trials by the order of their losses only, so each is given its rank as its loss.
    Running trials have none, which hyperopt takes for the worst: a constant liar that spreads
    concurrent proposals.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup

    @cached_property
    def _domain(self) -> Any:  # noqa: ANN401 - hyperopt is untyped
        return hyperopt_base.Domain(_never_called, to_hyperopt.expression(self._space))

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw from the ratio of two densities, or from the prior during start-up."""
        seed = int(self._stream(trial).integers(2**31))
        history = hyperopt_base.trials_from_docs(self._documents(study, trial))
        (document,) = hyperopt_tpe.suggest(
            [trial.number],
            self._domain,
            history,
            seed,
            n_startup_jobs=self._startup,
            verbose=False,
        )
        values = {name: value[0] for name, value in document["misc"]["vals"].items() if value}
        sample = hyperopt.space_eval(self._domain.expr, values)
        return to_hyperopt.flatten(self._space, sample)

    def _documents(self, study: Study, current: FrozenTrial) -> list[dict[str, Any]]:
        ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        ranked = enumerate(sorted(ended, key=lambda trial: _standing(trial, study.direction)))
        documents = [
            self._document(trial, {"status": hyperopt.STATUS_OK, "loss": float(rank)})
            for rank, trial in ranked
        ]
        documents += [
            self._document(trial, {"status": hyperopt.STATUS_NEW})
            for trial in running
            if trial.number != current.number
        ]
        return documents

    def _document(self, trial: FrozenTrial, result: dict[str, Any]) -> dict[str, Any]:
        tid, names = trial.number, list(self._domain.params)
        known = to_hyperopt.to_vals(self._space, trial.params)
        misc = {
            "tid": tid,
            "cmd": self._domain.cmd,
            "workdir": None,
            "idxs": {name: [tid] if known.get(name) else [] for name in names},
            "vals": {name: known.get(name, []) for name in names},
        }
        (document,) = hyperopt_base.Trials().new_trial_docs([tid], [None], [result], [misc])
        document["state"] = hyperopt.JOB_STATE_DONE  # hyperopt looks at the loss only
        return dict(document)


def _never_called(config: object) -> float:
    raise NotImplementedError(f"hyperopt only proposes here; it was asked to run {config!r}")


def _standing(trial: FrozenTrial, direction: StudyDirection) -> tuple[float, ...]:
    """Return the order in which Optuna's estimator, too, takes ended trials; best first."""
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


def _tpe(options: SamplerOptions) -> optuna.samplers.BaseSampler:
    """Make Optuna's estimator: one joint model, constant liar; of two objectives not by default."""
    return optuna.samplers.TPESampler(
        n_startup_trials=options.startup,
        seed=options.seed,
        multivariate=True,
        constant_liar=True,
    )


SAMPLERS: dict[str, Callable[[SamplerOptions], optuna.samplers.BaseSampler]] = {
    "tpe": _tpe,
    "hyperopt": HyperoptSampler,
    "random": RandomSampler,
}
OF_TWO = ("tpe", "random")  # those that know two objectives
