"""What a study's trials say, as the Gaussian processes are told it."""

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.engine.optuna_record import MIRRORED
from search.samplers.features import Encoder, Floats
from search.samplers.gaussian_process import Data
from search.samplers.whole_config import standing
from trainables.study.study import Config

OUTLIER = 3.0  # standard deviations below the median at which values are cut off
PAIRS = 5  # trials at two rungs from which on their scales are compared
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


class Measured(NamedTuple):
    """A value of a trial at a rung; more is better."""

    trial: FrozenTrial
    rung: int
    value: float


@final
class Evidence:
    """Reads trials for models.

    Args:
        encoder: Of their configs.
        direction: Of the objective.
    """

    def __init__(self, encoder: Encoder, direction: StudyDirection) -> None:
        self._encoder = encoder
        self._sign = 1.0 if direction == StudyDirection.MAXIMIZE else -1.0

    def values(self, trials: Sequence[FrozenTrial]) -> Data | None:
        """Return all values at all rungs, standardised; None where fewer than two are known."""
        found = [one for trial in trials for one in self._measured(trial)]
        if len(found) < 2:
            return None
        steps = sorted({one.rung for one in found})
        rungs = np.array([steps.index(one.rung) for one in found])
        configs = [one.trial.params for one in found]
        values = _standardised(found, rungs)
        return Data(self._encoder.encode(configs), rungs, len(steps) - 1, values, _size(configs))

    def constraints(self, trials: Sequence[FrozenTrial]) -> dict[str, Data]:
        """Return the values of each constraint that any trial violates; the zero stays in place.

        A trial that lacks a constraint which nobody is known to meet has met it: "failed" is only
        told of those that did.
        """
        found = {}
        for name in sorted({name for trial in trials for name in trial.constraints} - {MIRRORED}):
            told = [trial for trial in trials if name in trial.constraints]
            values = np.array([trial.constraints[name] for trial in told])
            if (values <= 0).all():
                continue
            if (values > 0).all():
                told, values = list(trials), _filled(trials, name)
            scale = float(np.median(np.abs(values))) or 1.0
            squeezed = np.sign(values) * np.log1p(np.abs(values) / scale)
            squeezed /= float(np.sqrt(np.mean(np.square(squeezed)))) or 1.0
            configs = [trial.params for trial in told]
            rungs = np.zeros(len(told), dtype=np.int64)
            found[name] = Data(self._encoder.encode(configs), rungs, 0, squeezed, _size(configs))
        return found

    def _measured(self, trial: FrozenTrial) -> list[Measured]:
        values = dict(trial.intermediate_values)
        if trial.state == TrialState.COMPLETE and trial.value is not None:
            values[max(values, default=0)] = trial.value
        return [
            Measured(trial, rung, self._sign * value)
            for rung, value in values.items()
            if math.isfinite(value)
        ]


def ended(study: Study) -> list[FrozenTrial]:
    """Return the trials that ended, in the order in which they did."""
    trials = study.get_trials(deepcopy=False, states=ENDED)
    return sorted(trials, key=lambda one: (one.datetime_complete or 0, one.number))


def feasible(trial: FrozenTrial) -> bool:
    """Tell whether an ended trial meets all constraints."""
    return all(value <= 0 for value in trial.constraints.values())


def milestone(count: int) -> int:
    """Return the largest of 1, 2, ... 10, 11, 12, 13, 14, 16 ... within: steps of a tenth."""
    found = 1
    while (later := max(found + 1, int(1.1 * found))) <= count:
        found = later
    return found


def subset(
    trials: Sequence[FrozenTrial], most: int, direction: StudyDirection
) -> list[FrozenTrial]:
    """Return at most so many trials: half are the best, half spread evenly over the others."""
    if len(trials) <= most:
        return list(trials)
    ranked = sorted(trials, key=lambda one: standing(one, direction))
    best, others = ranked[: most // 2], ranked[most // 2 :]
    places = np.linspace(0, len(others) - 1, most - len(best)).astype(int)
    chosen = {one.number for one in best} | {others[place].number for place in places}
    return [trial for trial in trials if trial.number in chosen]


def _size(configs: Sequence[Config]) -> float:
    return float(np.mean([len(config) for config in configs]))


def _filled(trials: Sequence[FrozenTrial], name: str) -> Floats:
    return np.array([trial.constraints.get(name, -1.0) for trial in trials])


def _standardised(found: Sequence[Measured], rungs: npt.NDArray[np.int64]) -> Floats:
    """Centre and scale the values of each rung.

    A later rung holds the best of the one before, who on a scale of their own would seem to differ
    more than they do: so its scale is that of the rung before, times how much more the same trials
    differ there.
    """
    result, scale = np.empty(len(found)), 1.0
    before: dict[int, float] = {}
    for rung in range(int(rungs.max()) + 1):
        here = {
            found[row].trial.number: found[row].value
            for row in np.flatnonzero(rungs == rung).tolist()
        }
        cut = _without_outliers(np.array(list(here.values())))
        both = np.array([(before[number], here[number]) for number in here if number in before])
        spread = both.std(axis=0) if len(both) >= PAIRS else np.zeros(2)
        scale = scale * float(spread[1] / spread[0]) if spread.all() else float(cut.std()) or 1.0
        result[rungs == rung] = (cut - cut.mean()) / scale
        before = here
    return result


def _without_outliers(values: Floats) -> Floats:
    """Raise what lies far below: how bad the bad are is no matter."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle))) or float(values.std())
    return np.maximum(values, middle - OUTLIER * spread)
