"""Bayesian optimisation: a Gaussian process over all rungs predicts where values improve."""

from functools import cache
from typing import Any, final

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from threadpoolctl import ThreadpoolController

from search.samplers.model.acquisition import Promise
from search.samplers.model.candidates import best_candidate
from search.samplers.model.evidence import Evidence, ended_trials, is_feasible, milestone, subset
from search.samplers.model.features import Encoder
from search.samplers.model.gaussian_process import Data, Posterior, most_likely
from search.samplers.whole_config import SamplerOptions, WholeConfigSampler
from searchspace import random as to_random
from trainables.study.study import Config

MOST_FITTED = 200  # trials to which the weights of the kernel are fitted
MOST_DATA = 500  # trials from which the model predicts
FEWEST = 10  # feasible trials from which alone the objective can be learned
PARENTS = 8  # configs near which candidates are looked for


@final
class BayesSampler(WholeConfigSampler):
    """Proposes the most promising config under a Gaussian process.

    A trial that was stopped informs the model at the rungs that it reached. A running trial informs
    it also as if it were to end as expected, so that concurrent proposals spread. Each constraint
    has a process of its own. The cost is bounded: the model uses at most 500 trials, half of them
    the best, half an even selection of the remainder; the weights of its kernel are fitted to at
    most 200, and again only when a tenth more have ended.

    Trials that violate constraints may have values far above all that may win. On some tasks they
    show the way, on others they mislead, and which it is cannot be told beforehand. So two models
    take turns: one learns the objective from all trials, the other from feasible ones alone.

    A proposal is computed on one thread, because the order of sums, and with it a proposal, may
    depend on their number.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup
        self._encoder = Encoder(options.space)

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw the most promising config, or a random one during start-up."""
        generator = self._stream(trial)
        if len(ended_trials(study)) < max(1, self._startup):
            return to_random.sample(self._space, generator)
        with _thread_pools().limit(limits=1):
            return self._best(study, trial, generator)

    def _best(
        self, study: Study, trial: FrozenTrial, generator: np.random.Generator
    ) -> dict[str, Any]:
        trials = study.get_trials(deepcopy=False)
        rivals = [rival for rival in trials if rival.number != trial.number]
        running = [rival for rival in rivals if rival.state == TrialState.RUNNING]
        promise, parents = self._model(study, running, from_all=trial.number % 2 == 0)
        codec = self._encoder.codec
        candidate = best_candidate(
            codec,
            lambda codes: promise(self._encoder.features(codes)),
            codec.encode(parents),
            codec.encode([rival.params for rival in rivals]),
            generator,
        )
        return codec.decode(candidate)

    def _model(
        self, study: Study, running: list[FrozenTrial], *, from_all: bool
    ) -> tuple[Promise, list[Config]]:
        """Return how promising configs are, and good configs near which to look for candidates.

        Args:
            study: Of the run.
            running: Trials that have not ended.
            from_all: Whether the objective is learned from infeasible trials, too.
        """
        history, direction = ended_trials(study), study.direction
        evidence = Evidence(self._encoder, direction)
        early = subset(history[: milestone(len(history))], MOST_FITTED, direction)
        trials = subset(history, MOST_DATA, direction)
        early_constraints = evidence.constraints(early)
        limits = [
            _posterior(data, early_constraints.get(name))
            for name, data in evidence.constraints(trials).items()
        ]
        feasible = list(filter(is_feasible, trials))
        witnesses = trials
        if not from_all and len(feasible) >= FEWEST:
            witnesses, early = feasible, list(filter(is_feasible, early))
        data = evidence.values([*witnesses, *running])
        if data is None or not feasible:
            promise = Promise(limits, None, 0.0)
            return promise, [trial.params for trial in trials[-PARENTS:]]
        value = _posterior(data, evidence.values(early))
        able = [trial.params for trial in feasible]
        if running:
            value = value.believe(self._encoder.encode([trial.params for trial in running]))
        means, _ = value.predict(self._encoder.encode(able))
        order = np.argsort(-means)[:PARENTS]
        promise = Promise(limits, value, float(means[order[0]]))
        return promise, [able[index] for index in order]


@cache
def _thread_pools() -> ThreadpoolController:
    """Return the control over the threads of BLAS; NumPy and SciPy have loaded theirs by now."""
    return ThreadpoolController().select(user_api="blas")


def _posterior(data: Data, early: Data | None) -> Posterior:
    """Return a model of the data, its weights fitted to the early ones where these suffice.

    The weights for those were fitted before and are in the cache; they suffice if the early data
    have as many rungs.
    """
    source = data if early is None or early.last != data.last else early
    return Posterior(data, most_likely(source))
