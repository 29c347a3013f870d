"""Does a rung tell what the next one will say? The rank agreement of a run's own trials.

A cheap attack on few images after few epochs is worth its price only where it ranks trials as the
expensive one does. Every run has trials that were measured at both: the sampled ones that were
promoted. References do not count. They always go on and differ more from each other than sampled
trials do, so any rung orders them well.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from search.engine.objective import Objective
from search.engine.trial import Trial
from trainables.runtime.arrays import Floats64

Z95 = 1.959964
LEAST_PAIRS = 5  # fewer leave an interval that says nothing
Pair = tuple[float, float]
_TAUS = np.linspace(-1, 1, 2001)


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the values of sampled trials at a rung and at the next.

    The trials that go on are the best of the lower rung; among them alone tau is lower than it
    would be among all. So it errs towards distrust.

    Attributes:
        rung: The lower one's place, from 0.
        trials: Sampled ones that have a value at both.
        tau: In [-1, 1]; NaN for fewer than two, or where all values of a rung are equal.
        low: Lower end of its 95 % interval, see `kendall`; NaN for fewer than five trials.
        high: Upper end.
    """

    rung: int
    trials: int
    tau: float
    low: float
    high: float


def pair_of(trial: Trial, rung: int, objective: Objective) -> Pair | None:
    """Return a sampled trial's values at a rung and at the next; None where one is not a number.

    Args:
        trial: With its reports.
        rung: The lower one's place, from 0.
        objective: What the values are of.
    """
    if trial.is_reference or trial.repeats:
        return None
    values = {report.rung: objective.value(report) for report in trial.reports}
    pair = values.get(rung, math.nan), values.get(rung + 1, math.nan)
    return pair if all(map(math.isfinite, pair)) else None


def pairs_of(trials: Iterable[Trial], rung: int, objective: Objective) -> list[Pair]:
    """List the values of sampled trials at a rung and at the next, of those that have both.

    Args:
        trials: In the order of the result.
        rung: The lower one's place, from 0.
        objective: What the values are of.
    """
    candidates = (pair_of(trial, rung, objective) for trial in trials)
    return [pair for pair in candidates if pair is not None]


def agreement(pairs: Sequence[Pair], rung: int) -> Agreement:
    """Compare the order of trials at a rung with their order at the next.

    Args:
        pairs: Values of each trial at both, see `pairs_of`.
        rung: The lower one's place, from 0.
    """
    lower, upper = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Agreement(rung, len(pairs), *kendall(lower, upper))


def kendall(lower: Sequence[float], upper: Sequence[float]) -> tuple[float, float, float]:
    """Compute tau-b of pairs with its 95 % interval.

    The interval holds each true tau from which the measured one is no further than 1.96 standard
    deviations and half a pair's weight. The deviation is that at the true tau, exact for normal
    pairs [esscher]: so complete agreement of a few trials is not taken for certain, as it would be
    by a bootstrap. Where values are equal, as skills of 0 are, it is wider, see `_widened`.

    Returns:
        Tau and the ends of the interval; NaN where they say nothing.
    """
    count = len(lower)
    if min(len(set(lower)), len(set(upper))) < 2:
        return math.nan, math.nan, math.nan
    tau = float(kendalltau(lower, upper).statistic)
    if count < LEAST_PAIRS:
        return tau, math.nan, math.nan
    half_pair = 2 / (count * (count - 1))
    width = Z95 * _widened(lower, upper) * _deviations(count)
    likely = _TAUS[np.abs(tau - _TAUS) - half_pair <= width]
    return tau, float(likely[0]), float(likely[-1])


def _widened(lower: Sequence[float], upper: Sequence[float]) -> float:
    """Return by how much equal values raise the deviation of tau-b.

    It is the ratio without any agreement, where both deviations are exact; 1 without equal values.
    """
    count, pairs = len(lower), len(lower) * (len(lower) - 1)
    sizes = [np.unique(values, return_counts=True)[1] for values in (lower, upper)]
    twos = [float((size * (size - 1)).sum()) for size in sizes]
    threes = [float((size * (size - 1) * (size - 2)).sum()) for size in sizes]
    lost = sum(float((size * (size - 1) * (2 * size + 5)).sum()) for size in sizes)
    whole = pairs * (2 * count + 5)
    both = 9 * math.prod(twos) / pairs + 2 * math.prod(threes) / (pairs * (count - 2))
    untied = math.prod(1 - two / pairs for two in twos)
    return math.sqrt((whole - lost + both) / whole / untied)


def _deviations(count: int) -> Floats64:
    """Return the standard deviation of tau among normal pairs for each true tau of the grid."""
    correlation = np.sin(np.pi * _TAUS / 2)
    single = 1 - (2 / np.pi * np.arcsin(correlation)) ** 2
    shared = 1 / 9 - (2 / np.pi * np.arcsin(correlation / 2)) ** 2
    variances = 2 / (count * (count - 1)) * (single + 2 * (count - 2) * shared)
    deviations: Floats64 = np.sqrt(np.maximum(variances, 0.0))
    return deviations
