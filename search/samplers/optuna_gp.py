"""Optuna's Gaussian process behind the interface of our samplers."""

import warnings
from dataclasses import replace
from typing import Any, final

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm

from search.engine.optuna_record import MIRRORED
from search.samplers.model.evidence import ENDED
from search.samplers.whole_config import SamplerOptions, WholeConfigSampler, standing
from searchspace import optuna as to_optuna
from searchspace import random as to_random
from searchspace.domains import Choice
from searchspace.space import Space
from trainables.study.study import Config

MIDDLE = 0.5
VIOLATION = "violation"  # the one constraint that it is told


@final
class OptunaGpSampler(WholeConfigSampler):
    """Optuna's `GPSampler`, given the same trials as the other samplers; it needs torch.

    By itself it ignores trials that were stopped or failed, and draws conditional parameters at
    random. Here it gets a study of its own for each proposal: each trial is complete, its value is
    the normal score of its rank (stopped trials come behind completed ones), its constraint is the
    one that it violates most; a parameter that is switched off has the value in the middle.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup
        self._flat = without_conditions(options.space)
        self._distributions = to_optuna.distributions(self._flat, {})

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw the config of the largest expected improvement, or a random one during start-up."""
        generator = self._stream(trial)
        history = study.get_trials(deepcopy=False, states=ENDED)
        if len(history) < max(1, self._startup):
            return to_random.sample(self._space, generator)
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        copy = optuna.create_study(
            direction="maximize", sampler=_make_sampler(int(generator.integers(2**31)))
        )
        ranking = sorted(history, key=lambda rival: standing(rival, study.direction))
        scores = norm.ppf(1 - (np.arange(len(ranking)) + MIDDLE) / len(ranking))
        for rival, score in zip(ranking, scores.tolist(), strict=True):
            copy.add_trial(self._completed(rival, score))
        for rival in running:
            if rival.number != trial.number:
                copy.add_trial(self._copied(rival.params, state=TrialState.RUNNING))
        with np.errstate(invalid="ignore"):  # 0 / 0 where no point has an expected improvement
            question = copy.ask(self._distributions)
        return self._space.restrict(question.params)

    def _completed(self, trial: FrozenTrial, score: float) -> FrozenTrial:
        values = [value for name, value in trial.constraints.items() if name != MIRRORED]
        worst = max(values, default=0.0)
        attributes = {f"constraints:{VIOLATION}": worst}
        return self._copied(
            trial.params, state=TrialState.COMPLETE, value=score, system_attrs=attributes
        )

    def _copied(self, config: Config, **outcome: Any) -> FrozenTrial:  # noqa: ANN401
        return optuna.trial.create_trial(
            params=whole(self._flat, config),
            distributions=self._distributions,
            **outcome,
        )


def without_conditions(space: Space) -> Space:
    """Return a space in which every parameter is always active."""
    return replace(space, params=tuple(replace(param, when=None) for param in space.params))


def whole(space: Space, config: Config) -> dict[str, Any]:
    """Return a config with all parameters: those that it lacks have the value in the middle."""
    middles = {
        param.name: (
            param.domain.options[0]
            if isinstance(param.domain, Choice)
            else to_random.draw(param.domain, MIDDLE)
        )
        for param in space.params
    }
    return middles | dict(config)


def _make_sampler(seed: int) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.GPSampler(
            seed=seed, n_startup_trials=1, warn_independent_sampling=False
        )
