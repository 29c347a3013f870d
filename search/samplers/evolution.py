"""Regularised evolution [evolution]: the young live on, and the best of a few has a child."""

from typing import Any, final

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from search.samplers.mutation import mutate
from search.samplers.whole_config import SamplerOptions, WholeConfigSampler, standing
from searchspace import random as to_random

POPULATION = 20  # trials that are alive: the last to end
TOURNAMENT = 5  # of which so many are drawn, and the best has a child
TRIES = 20  # mutations before a config that is known already is proposed again


@final
class EvolutionSampler(WholeConfigSampler):
    """Mutates one parameter of the best of five among the last twenty trials.

    Trials die of age, not of being bad, so that a lucky measurement does not rule for long. What
    depends on the mutated parameter, and now exists, is drawn anew.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Mutate, or draw at random during start-up."""
        dice = self._stream(trial)
        ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if len(ended) < max(1, self._startup):
            return to_random.sample(self._space, dice)
        alive = sorted(ended, key=lambda one: (one.datetime_complete or 0, one.number))
        alive = alive[-POPULATION:]
        rivals = dice.choice(len(alive), min(TOURNAMENT, len(alive)), replace=False)
        parent = min(
            (alive[place] for place in rivals), key=lambda one: standing(one, study.direction)
        )
        known = [
            other.params
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number
        ]
        child = mutate(self._space, parent.params, dice)
        for _ in range(TRIES):
            if child not in known:
                break
            child = mutate(self._space, parent.params, dice)
        return child
