"""How alike the values of two configs are expected to be: single effects, and their interplay."""

import math
from typing import NamedTuple, final

import numpy as np

from search.samplers.model.features import Features, Floats, Pairs

# Of logarithms: centre and spread of normal priors, for values that are standardised.
DISTANCE = 3.0  # expected distance of two configs that share nothing: the correlation is exp(-3)
EFFECTS = 0.5  # expected variance of single effects, in sum
SPREAD = 0.5  # of weights and of variances of single effects
SCALE, SCALE_SPREAD = 0.0, 1.0  # variance of the interplay


class Signal(NamedTuple):
    """Covariances of N configs with M others, in its two parts, (N, M) each."""

    interplay: Floats
    single: Floats

    @property
    def total(self) -> Floats:
        """Their sum."""
        return self.interplay + self.single


@final
class Kernel:
    """Covariance of the values of two configs.

        scale * exp(-distance) + sum over parameters of effect * likeness

    The distance of two numbers is their difference times a weight. That of two different options of
    a choice is the mean of two weights, one for each option: so an option may be unlike all others,
    and the kernel stays positive definite. The likeness of two numbers is 1 minus their difference,
    that of two options 1 if they are the same and else 0. What is switched off has no effect, and
    as an option it has no weight.

    Args:
        theta: Logarithms of weights and of effects, each by column of the features, and of the
            scale, (2 C + 1,).
        options: How many columns are options.
    """

    def __init__(self, theta: Floats, options: int) -> None:
        self._exp = np.exp(theta)
        columns = len(theta) // 2
        weights, effects = self._exp[:columns], self._exp[columns:-1]
        self._option_weights, self._number_weights = np.split(weights, [options])
        self._option_effects, self._number_effects = np.split(effects, [options])
        self._scale = self._exp[-1]

    def signal(self, rows: Features, columns: Features, pairs: Pairs) -> Signal:
        """Return the covariances of N configs with M others.

        Args:
            rows: Of the N configs.
            columns: Of the M configs.
            pairs: Of rows and columns.
        """
        weights = rows.options * self._option_weights
        sums = weights.sum(axis=1)[:, None] + columns.options @ self._option_weights
        distance = 0.5 * sums - weights @ columns.options.T  # 0 for the same option
        distance += np.tensordot(self._number_weights, pairs.gaps, axes=1)
        single = (rows.options * self._option_effects) @ columns.options.T
        single += np.tensordot(self._number_effects, pairs.likeness, axes=1)
        return Signal(self._scale * np.exp(-distance), single)

    def variance(self, features: Features) -> Floats:
        """Return the covariance of each config with itself, (N,)."""
        single = features.options @ self._option_effects + features.on @ self._number_effects
        return np.asarray(self._scale + single)

    def gradient(self, slope: Floats, features: Features, pairs: Pairs, signal: Signal) -> Floats:
        """Turn the slope of a function of the covariances into its gradient in theta.

        Args:
            slope: Derivatives by the covariances of configs with themselves, symmetric, (N, N).
            features: Of the configs.
            pairs: Of them with themselves.
            signal: What `signal` returned.
        """
        options, pull = features.options, slope * signal.interplay
        overlap = np.einsum("nk,nk->k", pull @ options, options)
        parts = (
            overlap - pull.sum(axis=1) @ options,
            -np.tensordot(pairs.gaps, pull, axes=2),
            np.einsum("nk,nk->k", slope @ options, options),
            np.tensordot(pairs.likeness, slope, axes=2),
            [pull.sum() / self._scale],
        )
        return np.asarray(np.concatenate(parts) * self._exp)


def kernel_prior(columns: int, typical: float) -> tuple[Floats, Floats]:
    """Return centres and spreads of theta's normal prior, (2 C + 1,) each.

    Args:
        columns: Of the features, C.
        typical: How many parameters a config has.
    """
    centres = [math.log(DISTANCE / typical)] * columns + [math.log(EFFECTS / typical)] * columns
    return np.array([*centres, SCALE]), np.array([SPREAD] * (2 * columns) + [SCALE_SPREAD])
