"""How much a value varies with the seed of a training, from the configs that were trained again.

Few configs are trained more than once, so their deviations are pooled. But recipes differ in how
much they vary: a control that falls to the level of a constant answer hardly does, and pooled with
such a winner looks steadier than it is. So a config whose own trainings vary more than the pool
counts with its own deviation and its own degrees of freedom, and one that was trained once with the
greatest deviation. Of this the degrees of freedom are those of its own trainings where it is beyond
what chance makes of one common deviation (an F test), and else those of all.
`tests/search/results/test_seeds.py` holds what that is worth: of equal recipes none is told apart
in 95 % of runs, however the deviations differ, with two further seeds of each (`--seed-check 2`,
the default). With one it holds a little less often. As long as only controls were trained again
nothing is known: the floor's reference is, before the search begins, and after a limit of time it
alone. At the level of a constant answer it does not vary at all.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import fdtri

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from trainables.metrics import welch
from trainables.metrics.welch import LEVEL, Component, quantile

CHANCE = 0.5  # over the configs: how often the greatest deviation is taken for no common one


@dataclass(frozen=True)
class Spread:
    """The standard deviation of values over the seeds of a training.

    Attributes:
        deviation: Pooled over configs, each about its own mean; NaN where none was trained twice.
        df: Degrees of freedom: trainings of these configs, less their number.
        configs: How many were trained more than once.
        variances: Of each of these over its own seeds, with the degrees of freedom, by the id of
            its first training.
    """

    deviation: float
    df: int
    configs: int
    variances: Mapping[str, Component] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether any config that may win was trained more than once."""
        return self.df > 0

    def of_training(self, config: str) -> Component:
        """Return the variance of single trainings of a config, see above.

        Args:
            config: Id of its first training.
        """
        if not self.is_known:
            return welch.UNKNOWN
        pooled = Component(self.deviation**2, self.df)
        greatest = max(
            self.variances, key=lambda name: self.variances[name].variance, default=config
        )
        name = config if config in self.variances else greatest
        single = self.variances.get(name, pooled)
        df = self.df - single.df  # of the others
        if not df or single.variance <= pooled.variance:
            return pooled
        if config in self.variances:
            return single
        squares = self.df * pooled.variance - single.df * single.variance
        chance = fdtri(single.df, df, 1 - CHANCE / self.configs) * squares / df
        return Component(single.variance, pooled.df if single.variance <= chance else single.df)

    def half_width(self, config: str, trainings: int) -> float:
        """Return half the width of the 95 % interval of a mean over some trainings, by seeds.

        Args:
            config: Id of its first training.
            trainings: How many.
        """
        variance, df = self.of_mean(config, trainings)
        return quantile(df, LEVEL) * math.sqrt(variance)

    def of_mean(self, config: str, trainings: int) -> Component:
        """Return the variance, by seeds, of a mean over some trainings.

        Args:
            config: Id of its first training.
            trainings: How many.
        """
        variance, df = self.of_training(config)
        return Component(variance / trainings, df)

    def of_difference(self, first: tuple[str, int], second: tuple[str, int]) -> Component:
        """Return the variance, by seeds, of the difference of two means.

        Args:
            first: Id of the one's first training, and how many trainings it is the mean of.
            second: The same of the other.
        """
        means = [self.of_mean(*first), self.of_mean(*second)]
        if self.of_training(first[0]) != self.of_training(second[0]):
            return welch.total(means)
        # Both rest on the same trainings: their degrees of freedom are not added.
        return Component(sum(part.variance for part in means), means[0].df)


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

    Returns:
        `UNKNOWN` where no config that may win was trained more than once.
    """
    variances, is_known = {}, False
    for trainings in groups:
        if len(trainings) > 1:
            is_known = is_known or not trainings[0].control
            values = np.array([objective.value(training.reports[-1]) for training in trainings])
            name = trainings[0].repeats or trainings[0].id
            variances[name] = Component(float(values.var(ddof=1)), len(values) - 1)
    if not is_known:
        return UNKNOWN
    df = sum(part.df for part in variances.values())
    squares = sum(part.variance * part.df for part in variances.values())
    return Spread(math.sqrt(squares / df), int(df), len(variances), variances)
