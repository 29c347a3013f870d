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

    axes = {
        str(name): Axis(_axis_settings(column), is_wide(column))
        for name, column in settings.items()
    }
    study, order = make_study(axes), trials["rank"].to_numpy(dtype=np.float64)
    generator, best = np.random.default_rng(SEED), max(BEST_SHARE, BEST_LEAST / len(trials))
    measured = divergences(study, order, best)
    shuffled = [divergences(study, generator.permutation(order), best) for _ in range(SHUFFLES)]
    total = sum(measured.values())
    if not total > 0:
        return pd.DataFrame(columns=columns)
    chance = {name: np.quantile([values[name] for values in shuffled], 0.95) for name in measured}
    rows = [(name, value / total, chance[name] / total) for name, value in measured.items()]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def parallel(run: Run) -> pd.DataFrame:
    """Place the settings of sampled trials on axes from 0 to 1, one axis a hyperparameter.

    Returns:
        The columns of `hyperparameters`; ``place`` in [0, 1], logarithmic where the axis is wide;
        ``best``: among the best tenth in the engine's order, at least three.
    """
    frame = hyperparameters(run)
    if frame.empty:
        return frame.assign(place=[], best=[])
    positions = [_positions(rows["setting"]) for _, rows in frame.groupby("name", sort=False)]
    trials = run.trials.loc[run.trials["trial"].isin(frame["trial"]), ["trial", "rank"]]
    count = max(3, math.ceil(BEST_SHARE * len(trials)))
    best = set(trials.nsmallest(count, "rank")["trial"])
    return frame.assign(place=pd.concat(positions), best=frame["trial"].isin(best))


def is_numeric(settings: pd.Series) -> bool:
    """Tell whether settings are numbers, and not names or switches."""
    return all(
        isinstance(setting, int | float) and not isinstance(setting, bool) for setting in settings
    )


def categories(settings: pd.Series) -> list[str]:
    """List the names that settings take, in the order in which an axis shows them."""
    return sorted(settings.astype(str).unique())


def _positions(settings: pd.Series) -> pd.Series:
    if not is_numeric(settings):
        names = categories(settings)
        return settings.astype(str).map(names.index) / max(1, len(names) - 1)
    numbers = settings.astype(float)
    if is_wide(numbers):
        numbers = numbers.map(math.log)
    return (numbers - numbers.min()) / (numbers.max() - numbers.min())


def _axis_settings(settings: pd.Series) -> list[str | float | None]:
    """List settings as numbers, or all as names; None where a trial has none."""
    values = settings.dropna()
    convert = float if is_numeric(values) else str
    return [convert(values[trial]) if trial in values.index else None for trial in settings.index]
