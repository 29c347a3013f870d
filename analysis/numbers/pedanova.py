"""PED-ANOVA as Optuna computes it, on a study made in memory [pedanova]."""

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import PedAnovaImportanceEvaluator


class Axis(NamedTuple):
    """The settings of one hyperparameter, one a trial.

    Attributes:
        settings: All numbers, or all names; None where a trial has none.
        log: Whether numbers are compared by their logarithms.
    """

    settings: Sequence[str | float | None]
    log: bool


def make_study(axes: Mapping[str, Axis]) -> optuna.Study:
    """Make a study in memory, of as many trials as each axis has settings."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    domains = {name: _domain(axis) for name, axis in axes.items()}
    columns = [axis.settings for axis in axes.values()]
    for row in zip(*columns, strict=True):
        params = {
            name: setting for name, setting in zip(axes, row, strict=True) if setting is not None
        }
        distributions = {name: domains[name] for name in params}
        trial = optuna.trial.create_trial(params=params, distributions=distributions, value=0.0)
        study.add_trial(trial)
    return study


def divergences(
    study: optuna.Study, order: npt.NDArray[np.float64], best: float
) -> dict[str, float]:
    """Measure how far each hyperparameter of the best trials differs from that of all.

    Args:
        study: Of N trials.
        order: Their places, the least is the best, (N,).
        best: The share of the trials that count as the best, in (0, 1).

    Returns:
        The Pearson divergence of the two densities of each hyperparameter, times the square of the
        share.
    """
    evaluator = PedAnovaImportanceEvaluator(target_quantile=best)
    with warnings.catch_warnings():
        # That the least is the best is as meant; that a condition leaves few trials is known.
        warnings.simplefilter("ignore", UserWarning)
        return evaluator.evaluate(study, target=lambda trial: float(order[trial.number]))


def _domain(axis: Axis) -> BaseDistribution:
    settings = [setting for setting in axis.settings if setting is not None]
    numbers = [setting for setting in settings if isinstance(setting, float)]
    if not numbers:
        return CategoricalDistribution(sorted(set(map(str, settings))))
    return FloatDistribution(min(numbers), max(numbers), log=axis.log)
