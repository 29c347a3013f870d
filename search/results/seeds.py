"""How much a value varies with the seed of a training, from the configs that were trained again."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from trainables.metrics import welch
from trainables.metrics.welch import LEVEL, Component, quantile


@dataclass(frozen=True)
class Spread:
    """The standard deviation of values over the seeds of a training.

    One number for all configs of a run: few of them are trained more than once.

    Attributes:
        deviation: Pooled over configs, each about its own mean; NaN where none was trained twice.
        df: Degrees of freedom: trainings of these configs, less their number.
        configs: How many were trained more than once.
    """

    deviation: float
    df: int
    configs: int

    @property
    def is_known(self) -> bool:
        """Whether any config was trained more than once."""
        return self.df > 0

    def half_width(self, trainings: int) -> float:
        """Return half the width of the 95 % interval of a mean over some trainings, by seeds."""
        return quantile(self.df, LEVEL) * self.deviation / math.sqrt(trainings)

    def of_mean(self, trainings: int) -> Component:
        """Return the variance, by seeds, of a mean over some trainings."""
        if not self.is_known:
            return welch.UNKNOWN
        return Component(self.deviation**2 / trainings, self.df)

    def of_difference(self, first: int, second: int) -> Component:
        """Return the variance, by seeds, of the difference of two means.

        Args:
            first: How many trainings the one is the mean of.
            second: And the other.
        """
        if not self.is_known:
            return welch.UNKNOWN
        return Component(self.deviation**2 * (1 / first + 1 / second), self.df)


UNKNOWN = Spread(math.nan, 0, 0)


def trainings_of(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """List the completed trainings of each config, its first training's id as the key."""
    members = sorted(trials, key=lambda trial: trial.seed)
    groups: dict[str, list[Trial]] = {}
    for trial in members:
        if trial.state is State.COMPLETED:
            groups.setdefault(trial.repeats or trial.id, []).append(trial)
    return groups


def spread_of(groups: Iterable[Sequence[Trial]], objective: Objective) -> Spread:
    """Estimate how much values vary with the seed.

    Args:
        groups: The completed trainings of each config.
        objective: What the values are of.
    """
    samples = [
        np.array([objective.value(training.reports[-1]) for training in trainings])
        for trainings in groups
        if len(trainings) > 1
    ]
    if not samples:
        return UNKNOWN
    df = sum(len(values) - 1 for values in samples)
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in samples)
    return Spread(math.sqrt(squares / df), df, len(samples))
