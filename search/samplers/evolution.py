"""Regularised evolution [evolution]: the young live on, and the best of a few has a child."""

from typing import Any, final

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from search.samplers.whole_config import SamplerOptions, WholeConfigSampler, standing
from searchspace import random as to_random
from searchspace.domains import Choice
from searchspace.space import Param

POPULATION = 20  # trials that are alive: the last to end
TOURNAMENT = 5  # of which so many are drawn, and the best has a child
STEP = 0.2  # standard deviation of a number's mutation, as a share of its (logarithmic) range
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
        child = self._mutate(parent.params, dice)
        for _ in range(TRIES):
            if child not in known:
                break
            child = self._mutate(parent.params, dice)
        return child

    def _mutate(self, parent: dict[str, Any], dice: np.random.Generator) -> dict[str, Any]:
        active = self._space.active(parent)
        chosen = active[dice.integers(len(active))]
        fresh = to_random.sample(self._space, dice)
        drawn = {param.name: fresh.get(param.name) for param in self._space.params} | parent
        drawn[chosen.name] = _other_value(chosen, parent[chosen.name], dice)
        for param in self._space.params:  # what the fresh draw lacked, as its parent was another
            if drawn[param.name] is None:
                drawn[param.name] = to_random.draw(param.domain, float(dice.random()))
        return self._space.restrict(drawn)


def _other_value(param: Param, value: Any, dice: np.random.Generator) -> Any:  # noqa: ANN401
    if isinstance(param.domain, Choice):
        others = [option for option in param.domain.options if option != value]
        return others[dice.integers(len(others))]
    moved = to_random.to_unit(param.domain, value) + STEP * float(dice.normal())
    return to_random.draw(param.domain, float(np.clip(moved, 0.0, np.nextafter(1.0, 0.0))))
