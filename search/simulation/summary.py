"""Statistics of a method over many searches, and whether it meets the goals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import trim_mean

from search.simulation.outcome import Outcome
from trainables.metrics.intervals import Interval, wilson

SUCCESS, COST, REGRET = 0.95, 0.5, 0.01  # goals: at least, at most, at most
YARDSTICK = "Optuna TPE"  # the method whose cost is compared with
RESAMPLES = 2000
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A method over all seeds.

    Attributes:
        method: Its name.
        runs: Number of searches.
        success: Share whose winner is in the top, with Wilson's interval.
        regret: Interquartile mean of the regret, with a bootstrap interval.
        regret_median: Its median.
        regret_p95: Its 95th percentile.
        trials: Mean of the networks measured, a repeat counting again.
        cost: Mean cost of a whole search, in passes.
        cost_to_top: Median of the cost to the top; infinite where fewer than half got there.
        utilisation: Mean.
        duplicates: Repeats, as a share of all proposals of networks in the table.
        infeasible: Share of trials that missed the floor.
        last_rung: Share of trials that the last rung measured.
    """

    method: str
    runs: int
    success: Interval
    regret: Interval
    regret_median: float
    regret_p95: float
    trials: float
    cost: float
    cost_to_top: float
    utilisation: float
    duplicates: float
    infeasible: float
    last_rung: float


@dataclass(frozen=True)
class Goal:
    """A goal, and whether a method meets it.

    Attributes:
        method: Its name.
        text: The goal in words.
        value: What the method reached.
        met: Whether that is enough.
    """

    method: str
    text: str
    value: float
    met: bool


def summarise(outcomes: Sequence[Outcome], *, free_repeats: bool) -> Summary:
    """Summarise the searches of one method.

    Args:
        outcomes: At least one, all of the same method.
        free_repeats: Whether repeats came on top of the trials, as in the engine, or are among
            them, as in its peers.
    """
    regrets = np.array([outcome.regret for outcome in outcomes])
    trials = sum(outcome.trials for outcome in outcomes)
    repeats = sum(outcome.known for outcome in outcomes)
    return Summary(
        method=outcomes[0].method,
        runs=len(outcomes),
        success=wilson(sum(outcome.success for outcome in outcomes), len(outcomes)),
        regret=interquartile_mean(regrets),
        regret_median=float(np.median(regrets)),
        regret_p95=float(np.quantile(regrets, 0.95)),
        trials=trials / len(outcomes),
        cost=float(np.mean([outcome.cost for outcome in outcomes])),
        cost_to_top=_median([outcome.cost_to_top for outcome in outcomes]),
        utilisation=float(np.mean([outcome.utilisation for outcome in outcomes])),
        duplicates=repeats / (trials + repeats if free_repeats else trials),
        infeasible=sum(outcome.infeasible for outcome in outcomes) / trials,
        last_rung=sum(outcome.last_rung for outcome in outcomes) / trials,
    )


def interquartile_mean(values: Values) -> Interval:
    """Average the middle half, with a 95 % bootstrap interval over searches."""
    resamples = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
    low, high = np.quantile(trim_mean(resamples, 0.25, axis=1), [0.025, 0.975])
    return Interval(float(trim_mean(values, 0.25)), float(low), float(high))


def goals(summary: Summary, yardstick: Summary) -> list[Goal]:
    """Compare a method with the goals."""
    share = summary.cost / yardstick.cost
    return [
        Goal(
            summary.method,
            f"top 0.1 % in at least {SUCCESS:.0%} of searches",
            summary.success.value,
            summary.success.value >= SUCCESS,
        ),
        Goal(
            summary.method,
            f"at most {COST:.0%} of the attack cost of {YARDSTICK}",
            share,
            share <= COST,
        ),
        Goal(
            summary.method,
            f"median regret at most {REGRET}",
            summary.regret_median,
            summary.regret_median <= REGRET,
        ),
    ]


def _median(costs: Sequence[float]) -> float:
    """Return the median of costs that may be infinite: not NaN where the middle ones are."""
    ascending = sorted(costs)
    low, high = ascending[(len(costs) - 1) // 2], ascending[len(costs) // 2]
    return math.inf if math.isinf(high) else (low + high) / 2
