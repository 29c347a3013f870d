"""Does a rung tell what the next one will say? The rank agreement of a run's own trials.

A cheap attack on few images after few epochs is worth its price only where it ranks trials as the
expensive one does. Every run has trials that were measured at both: the ones promoted, and the
references, which always go on.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import kendalltau

from search.engine.objective import Objective
from search.engine.trial import Trial

Z95 = 1.959964
Pair = tuple[float, float]
LEAST_PAIRS = 5  # Fieller's variance needs more than 4


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the values of trials at a rung and at the next.

    The trials that go on are the best of the lower rung; among them alone tau is lower than it
    would be among all. So it errs towards distrust.

    Attributes:
        rung: The lower one's place, from 0.
        trials: That have a value at both.
        tau: In [-1, 1]; NaN for fewer than two, or where all values of a rung are equal.
        low: Lower end of its 95 % interval, by Fisher's transformation with the variance of
            Fieller, Hartley and Pearson (1957), 0.437 / (n - 4); -1 for fewer than five trials.
        high: Upper end; 1 for fewer than five.
    """

    rung: int
    trials: int
    tau: float
    low: float
    high: float


def pair_of(trial: Trial, rung: int, objective: Objective) -> Pair | None:
    """Return a trial's values at a rung and at the next; None where one is not a number.

    Args:
        trial: With its reports.
        rung: The lower one's place, from 0.
        objective: What the values are of.
    """
    values = {report.rung: objective.value(report) for report in trial.reports}
    pair = values.get(rung, math.nan), values.get(rung + 1, math.nan)
    return pair if all(map(math.isfinite, pair)) else None


def pairs_of(trials: Iterable[Trial], rung: int, objective: Objective) -> list[Pair]:
    """List the values of trials at a rung and at the next, of those that have both.

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
    """Compute tau-b of pairs with its 95 % interval, as `Agreement` describes them."""
    if min(len(set(lower)), len(set(upper))) < 2:
        return math.nan, -1.0, 1.0
    tau = float(kendalltau(lower, upper).statistic)
    return tau, *_interval(tau, len(lower))


def _interval(tau: float, trials: int) -> tuple[float, float]:
    if trials < LEAST_PAIRS:
        return -1.0, 1.0
    if abs(tau) >= 1:  # the transformation has no finite value there
        tau = math.copysign(1 - 1e-9, tau)
    half = Z95 * math.sqrt(0.437 / (trials - 4))
    return math.tanh(math.atanh(tau) - half), math.tanh(math.atanh(tau) + half)
