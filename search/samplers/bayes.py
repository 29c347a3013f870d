"""Bayesian optimisation: a Gaussian process of all rungs says where improvement is expected."""

from typing import Any, final

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.samplers.acquisition import Promise
from search.samplers.candidates import best_candidate
from search.samplers.evidence import Evidence, ended, feasible, milestone, subset
from search.samplers.features import Encoder
from search.samplers.gaussian_process import Data, Posterior, most_likely
from search.samplers.whole_config import SamplerOptions, WholeConfigSampler
from searchspace import random as to_random
from trainables.study.study import Config

FITTED = 200  # trials to which the model's weights are fitted
KNOWN = 500  # trials from which it predicts
GOOD = 8  # known configs near which candidates are looked for


@final
class BayesSampler(WholeConfigSampler):
    """Proposes what promises most under a Gaussian process.

    Trials that were stopped inform at the rungs that they reached, running ones also as if they
    were to end as expected, so that concurrent proposals spread. Each constraint has a process of
    its own. Its cost is bounded: beyond 500 trials it knows the best half of these and an even
    selection of the others; the weights of its kernel are fitted to 200, and anew only when a tenth
    more have ended.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup
        self._encoder = Encoder(options.space)

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw what promises most, or at random during start-up."""
        dice = self._stream(trial)
        known = ended(study)
        if len(known) < max(1, self._startup):
            return to_random.sample(self._space, dice)
        others = [one for one in study.get_trials(deepcopy=False) if one.number != trial.number]
        running = [one for one in others if one.state == TrialState.RUNNING]
        promise, good = self._model(known, running, study.direction)
        seen = [one.params for one in others]
        return best_candidate(self._space, promise, good, seen, dice)

    def _model(
        self, known: list[FrozenTrial], running: list[FrozenTrial], direction: StudyDirection
    ) -> tuple[Promise, list[Config]]:
        """Return what candidates promise, and known configs near which to look for some."""
        evidence = Evidence(self._encoder, direction)
        early = subset(known[: milestone(len(known))], FITTED, direction)
        now = subset(known, KNOWN, direction)
        before = evidence.constraints(early)
        limits = [
            _posterior(data, before.get(name)) for name, data in evidence.constraints(now).items()
        ]
        able = [one.params for one in now if feasible(one)]
        data = evidence.values([*now, *running])
        if data is None or not able:
            return Promise(self._encoder, limits, None, 0.0), [one.params for one in now[-GOOD:]]
        value = _posterior(data, evidence.values(early))
        if running:
            value = value.believing(self._encoder.encode([one.params for one in running]))
        means, _ = value.predict(self._encoder.encode(able))
        order = np.argsort(-means)[:GOOD]
        promise = Promise(self._encoder, limits, value, float(means[order[0]]))
        return promise, [able[place] for place in order]


def _posterior(data: Data, early: Data | None) -> Posterior:
    """Fit weights to earlier data where they have as many rungs: those are fitted already."""
    fitted = data if early is None or early.last != data.last else early
    return Posterior(data, most_likely(fitted))
