"""Which hyperparameters made the difference, and where the best trials lie among all."""

import math

import numpy as np
import pandas as pd

from analysis.load import Run
from analysis.numbers.frames import hyperparameters, is_wide, settings_of
from analysis.numbers.remember import once_a_run
from search.engine.trial import State

LEAST = 10  # sampled trials; of fewer the best are too few to tell from the others
BEST_SHARE, BEST_LEAST = 0.1, 5  # what counts as the best: the share that PED-ANOVA's authors took
SHUFFLES, SEED = 100, 0
LEARNED = {State.COMPLETED, State.PRUNED, State.FAILED}  # of the others nothing is known


@once_a_run
def importance(run: Run) -> pd.DataFrame:
    """Measure how far the best sampled trials' settings differ from all trials' [pedanova].

    PED-ANOVA as Optuna computes it: the Pearson divergence between the density of a setting among
    the best tenth (at least five) and among all. It only asks which trials are the best, so the
    engine's order stands for the value, and trials that were stopped or failed count as well.

    Returns:
        ``name``, ``importance`` (a share; all sum to 1), ``chance``: 95 % of shuffled orders give
        this hyperparameter less, in the same unit. The most important first; empty for fewer than
        ten trials.
    """
    columns = ["name", "importance", "chance"]
    learned = run.trials["state"].isin([state.value for state in LEARNED])
    trials = run.trials[~run.trials["reference"] & learned]
    settings = settings_of(run, trials)
    settings = settings[[name for name in settings if len(settings[name].dropna().unique()) > 1]]
    if len(trials) < LEAST or settings.empty:
        return pd.DataFrame(columns=columns)
    from analysis.numbers.pedanova import Axis, divergences, make_study  # noqa: PLC0415 - Optuna takes 1 s

    axes = {str(name): Axis(_written(column), is_wide(column)) for name, column in settings.items()}
    study, order = make_study(axes), trials["rank"].to_numpy(dtype=np.float64)
    dice, best = np.random.default_rng(SEED), max(BEST_SHARE, BEST_LEAST / len(trials))
    own = divergences(study, order, best)
    shuffled = [divergences(study, dice.permutation(order), best) for _ in range(SHUFFLES)]
    whole = sum(own.values())
    if not whole > 0:
        return pd.DataFrame(columns=columns)
    rows = [
        (name, value / whole, float(np.quantile([one[name] for one in shuffled], 0.95)) / whole)
        for name, value in own.items()
    ]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def parallel(run: Run) -> pd.DataFrame:
    """Place the settings of sampled trials on axes from 0 to 1, one axis a hyperparameter.

    Returns:
        The columns of `hyperparameters`; ``place`` in [0, 1], logarithmic where the axis is wide;
        ``best``: among the best tenth in the engine's order, at least three.
    """
    found = hyperparameters(run)
    if found.empty:
        return found.assign(place=[], best=[])
    places = [_places(own["setting"]) for _, own in found.groupby("name", sort=False)]
    trials = run.trials.loc[run.trials["trial"].isin(found["trial"]), ["trial", "rank"]]
    most = max(3, math.ceil(BEST_SHARE * len(trials)))
    best = set(trials.nsmallest(most, "rank")["trial"])
    return found.assign(place=pd.concat(places), best=found["trial"].isin(best))


def is_numeric(settings: pd.Series) -> bool:
    """Tell whether settings are numbers, and not names or switches."""
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in settings)


def categories(settings: pd.Series) -> list[str]:
    """List the names that settings take, in the order in which an axis shows them."""
    return sorted(settings.astype(str).unique())


def _places(settings: pd.Series) -> pd.Series:
    if not is_numeric(settings):
        known = categories(settings)
        return settings.astype(str).map(known.index) / max(1, len(known) - 1)
    numbers = settings.astype(float)
    if is_wide(numbers):
        numbers = numbers.map(math.log)
    return (numbers - numbers.min()) / (numbers.max() - numbers.min())


def _written(settings: pd.Series) -> list[str | float | None]:
    """List settings as numbers, or all as names; None where a trial has none."""
    known = settings.dropna()
    as_one = float if is_numeric(known) else str
    return [as_one(known[at]) if at in known.index else None for at in settings.index]
