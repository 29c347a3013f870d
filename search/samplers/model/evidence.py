"""The values and constraints of a study's trials, as data for the Gaussian processes."""

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.engine.optuna_record import MIRRORED
from search.samplers.model.features import Encoder, Floats
from search.samplers.model.gaussian_process import Data
from search.samplers.whole_config import standing
from trainables.study.study import Config

OUTLIER = 3.0  # standard deviations below the median at which values are cut off
PAIRS = 5  # least number of trials at two rungs for their scales to be compared
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


class Value(NamedTuple):
    """A value of a trial at a rung; higher is better."""

    trial: FrozenTrial
    rung: int
    value: float


@final
class Evidence:
    """Turns trials into data for models.

    Args:
        encoder: Turns their configs into features.
        direction: Of the objective.
    """

    def __init__(self, encoder: Encoder, direction: StudyDirection) -> None:
        self._encoder = encoder
        self._sign = 1.0 if direction == StudyDirection.MAXIMIZE else -1.0

    def values(self, trials: Sequence[FrozenTrial]) -> Data | None:
        """Return all values at all rungs, standardised; None if there are fewer than two."""
        values = [value for trial in trials for value in self._values(trial)]
        if len(values) < 2:
            return None
        steps = sorted({value.rung for value in values})
        rungs = np.array([steps.index(value.rung) for value in values])
        configs = [value.trial.params for value in values]
        return self._data(configs, rungs, _standardise(values, rungs))

    def constraints(self, trials: Sequence[FrozenTrial]) -> dict[str, Data]:
        """Return the values of each constraint that any trial violates; zero stays zero.

        A constraint that only trials which violate it carry is met by all that lack it: "failed" is
        set for trials that did, and for no more.
        """
        names = {name for trial in trials for name in trial.constraints} - {MIRRORED}
        data = {}
        for name in sorted(names):
            carriers = [trial for trial in trials if name in trial.constraints]
            values = np.array([trial.constraints[name] for trial in carriers])
            if (values <= 0).all():
                continue
            if (values > 0).all():
                carriers = list(trials)
                values = np.array([trial.constraints.get(name, -1.0) for trial in trials])
            configs = [trial.params for trial in carriers]
            rungs = np.zeros(len(carriers), dtype=np.int64)
            data[name] = self._data(configs, rungs, _squeeze(values))
        return data

    def _data(
        self, configs: Sequence[Config], rungs: npt.NDArray[np.int64], values: Floats
    ) -> Data:
        size = float(np.mean([len(config) for config in configs]))
        return Data(
            features=self._encoder.encode(configs),
            rungs=rungs,
            last=int(rungs.max()),
            values=values,
            typical=size,
        )

    def _values(self, trial: FrozenTrial) -> list[Value]:
        values = dict(trial.intermediate_values)
        if trial.state == TrialState.COMPLETE and trial.value is not None:
            values[max(values, default=0)] = trial.value
        return [
            Value(trial, rung, self._sign * value)
            for rung, value in values.items()
            if math.isfinite(value)
        ]


def ended_trials(study: Study) -> list[FrozenTrial]:
    """Return the completed and the pruned trials, in the order in which they ended."""
    trials = study.get_trials(deepcopy=False, states=ENDED)
    return sorted(trials, key=lambda trial: (trial.datetime_complete or 0, trial.number))


def is_feasible(trial: FrozenTrial) -> bool:
    """Tell whether a trial that has ended meets all constraints."""
    return all(value <= 0 for value in trial.constraints.values())


def milestone(count: int) -> int:
    """Return the largest of 1, 2, ... 10, 11, ... 20, 22, 24, ... that is no larger than a count.

    The steps are a tenth, and at least 1.
    """
    step = 1
    while (following := max(step + 1, int(1.1 * step))) <= count:
        step = following
    return step


def subset(
    trials: Sequence[FrozenTrial], limit: int, direction: StudyDirection
) -> list[FrozenTrial]:
    """Return at most ``limit`` trials, in their order: the best, and a selection of the remainder.

    Args:
        trials: To choose from.
        limit: Half of these are the best, half are spread evenly over the remainder by rank.
        direction: Of the objective.
    """
    if len(trials) <= limit:
        return list(trials)
    ranking = sorted(trials, key=lambda trial: standing(trial, direction))
    best, remainder = ranking[: limit // 2], ranking[limit // 2 :]
    ranks = np.linspace(0, len(remainder) - 1, limit - len(best)).astype(int)
    numbers = {trial.number for trial in best} | {remainder[rank].number for rank in ranks}
    return [trial for trial in trials if trial.number in numbers]


def _squeeze(values: Floats) -> Floats:
    """Bring a constraint's values to a logarithmic scale about zero, with a mean square of 1."""
    scale = float(np.median(np.abs(values))) or 1.0
    logs = np.sign(values) * np.log1p(np.abs(values) / scale)
    logs /= float(np.sqrt(np.mean(np.square(logs)))) or 1.0
    return np.asarray(logs)


def _standardise(values: Sequence[Value], rungs: npt.NDArray[np.int64]) -> Floats:
    """Centre and scale the values of each rung.

    A later rung holds the best trials of the rung below. Scaled by themselves they would seem to
    differ more than they do. So the scale of a rung is that of the rung below, times the ratio of
    the standard deviations that the same trials have at the two.
    """
    result, scale = np.empty(len(values)), 1.0
    lower: dict[int, float] = {}  # values at the rung below, by the trial's number
    for rung in range(int(rungs.max()) + 1):
        upper = {
            values[row].trial.number: values[row].value
            for row in np.flatnonzero(rungs == rung).tolist()
        }
        cut = _cut_outliers(np.array(list(upper.values())))
        pairs = np.array([(lower[number], upper[number]) for number in upper if number in lower])
        spread = pairs.std(axis=0) if len(pairs) >= PAIRS else np.zeros(2)
        scale = scale * float(spread[1] / spread[0]) if spread.all() else float(cut.std()) or 1.0
        result[rungs == rung] = (cut - cut.mean()) / scale
        lower = upper
    return result


def _cut_outliers(values: Floats) -> Floats:
    """Raise values far below the median: by how much a bad trial is bad does not matter."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle))) or float(values.std())
    return np.maximum(values, middle - OUTLIER * spread)
