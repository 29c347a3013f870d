"""Regularised evolution [evolution]: the oldest die, and the best of a few has a child."""

from typing import Any, final

from optuna.study import Study
from optuna.trial import FrozenTrial

from search.samplers.model.evidence import ended_trials
from search.samplers.mutation import mutate
from search.samplers.whole_config import SamplerOptions, WholeConfigSampler, standing
from searchspace import random as to_random

POPULATION = 20  # trials that are alive: the last to end
TOURNAMENT = 5  # of these, drawn at random; the best has a child
ATTEMPTS = 20  # further mutations where the child repeats an earlier config


@final
class EvolutionSampler(WholeConfigSampler):
    """Mutates one parameter of the best of five among the last twenty trials.

    Trials die of age, not of being bad, so that a lucky measurement does not rule for long.
    Parameters that the mutation switches on are drawn at random.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Mutate, or draw at random during start-up."""
        generator = self._stream(trial)
        history = ended_trials(study)
        if len(history) < max(1, self._startup):
            return to_random.sample(self._space, generator)
        alive = history[-POPULATION:]
        numbers = generator.choice(len(alive), min(TOURNAMENT, len(alive)), replace=False)
        rivals = [alive[number] for number in numbers]
        parent = min(rivals, key=lambda rival: standing(rival, study.direction))
        configs = [
            earlier.params
            for earlier in study.get_trials(deepcopy=False)
            if earlier.number != trial.number
        ]
        child = mutate(self._space, parent.params, generator)
        for _ in range(ATTEMPTS):
            if child not in configs:
                break
            child = mutate(self._space, parent.params, generator)
        return child
