"""A Gaussian process over configs, measured at the rungs of a ladder [gpml]."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack, solve_triangular
from scipy.optimize import minimize

from search.samplers.features import Features, Floats

# Of logarithms: centre and spread of normal priors. Values are standardised.
APART = 3.0  # expected distance of two configs that share nothing: their correlation is exp(-3)
WEIGHT_SPREAD = 0.8
RUNG, RUNG_SPREAD = math.log(0.35), 1.0  # distance of neighbouring rungs
SCALE, SCALE_SPREAD = 0.0, 1.0  # variance of what is modelled
NOISE, NOISE_SPREAD = math.log(0.01), 1.5  # variance of noise, of each rung
WITHIN = 5.0  # how far from its centre a logarithm may go
OFFSET = 1.0  # variance of the mean of a rung
STEPS = 25  # of the optimiser
JITTER = 1e-8


@final
@dataclass(frozen=True, eq=False)
class Data:
    """Measurements; equal ones are one key of a cache.

    Attributes:
        features: Of the configs, (N); a config measured at two rungs is there twice.
        rungs: Where each was measured, from 0, (N,).
        last: The rung that counts.
        values: What was measured, about standardised, (N,).
        typical: How many parameters a config has.
    """

    features: Features
    rungs: npt.NDArray[np.int64]
    last: int
    values: Floats
    typical: float

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _key(self) -> tuple[bytes | float, ...]:
        arrays = (self.features.options, self.features.numbers, self.rungs, self.values)
        return (self.last, self.typical, *(array.tobytes() for array in arrays))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Data) and self._key == other._key

    @cached_property
    def placed(self) -> Features:
        """The features, the rung beside them where there are several."""
        return self.features.beside(self.rungs) if self.last else self.features


@final
class Posterior:
    """Kernel of two measurements, at configs x and y and rungs r and s.

        scale * exp(-distance(x, y) - rung * |r - s|) + [r = s] (OFFSET + [same] noise of r)

    The distance sums over parameters. Numbers count by their difference times a weight of their
    parameter; two different options of a choice by the mean of two weights, one of each option:
    so an option may be unlike all the others, and the kernel stays positive definite.
    """

    def __init__(self, data: Data, theta: Floats) -> None:
        self._data, self._theta = data, theta
        self._terms = _Terms(data, theta)
        covariance = self._terms.covariance(data.placed.gaps(data.placed))
        self._factor, failed = lapack.dpotrf(covariance, lower=1, clean=1)
        if failed:
            raise ArithmeticError("the covariance is not positive definite")
        self._solved = lapack.dpotrs(self._factor, data.values, lower=1)[0]

    def predict(self, features: Features) -> tuple[Floats, Floats]:
        """Return mean and variance of what the last rung would show without noise, (M,) each."""
        data = self._data
        placed = features.beside(data.last) if data.last else features
        across = self._terms.correlation(data.placed, placed, data.placed.gaps(placed))
        across = self._terms.scale * across + OFFSET * (data.rungs == data.last)[:, None]
        spread = solve_triangular(self._factor, across, lower=True, check_finite=False)
        variance = self._terms.scale + OFFSET - np.square(spread).sum(axis=0)
        return across.T @ self._solved, np.maximum(variance, JITTER)

    def believing(self, features: Features) -> "Posterior":
        """Return what follows if others show at the last rung what is expected of them."""
        expected, _ = self.predict(features)
        known = self._data
        joined = Data(
            known.features.and_then(features),
            np.append(known.rungs, np.full(len(features), known.last)),
            known.last,
            np.append(known.values, expected),
            known.typical,
        )
        return Posterior(joined, self._theta)


@final
class _Terms:
    """The parameters by name: ``theta`` holds the logarithms of all weights, scale and noises."""

    def __init__(self, data: Data, theta: Floats) -> None:
        self.data = data
        options = data.features.options.shape[1]
        numbers = data.placed.numbers.shape[1]
        self.weights = np.exp(theta)
        self.options, self.numbers = np.split(self.weights[: options + numbers], [options])
        self.scale = float(self.weights[options + numbers])
        self.noise = self.weights[options + numbers + 1 :]

    def correlation(self, rows: Features, columns: Features, gaps: Floats) -> Floats:
        """Return exp(-distance), (N, M)."""
        weighted = rows.options * self.options
        distance = 0.5 * (weighted.sum(axis=1)[:, None] + (columns.options @ self.options)[None, :])
        distance -= weighted @ columns.options.T  # equal options were counted, and are not apart
        distance += np.tensordot(self.numbers, gaps, axes=1)
        return np.asarray(np.exp(-distance))

    def covariance(self, gaps: Floats) -> Floats:
        """Return that of the measurements, (N, N)."""
        placed, rungs = self.data.placed, self.data.rungs
        found = self.scale * self.correlation(placed, placed, gaps)
        found += OFFSET * (rungs[:, None] == rungs[None, :])
        found[np.diag_indices(len(rungs))] += self.noise[rungs] + JITTER
        return found


def prior(data: Data) -> tuple[Floats, Floats]:
    """Return centres and spreads of theta's normal prior."""
    weights = data.features.options.shape[1] + data.features.numbers.shape[1]
    several = int(data.last > 0)
    rungs = data.last + 1
    centre = [math.log(APART / data.typical)] * weights + [RUNG] * several
    spread = [WEIGHT_SPREAD] * weights + [RUNG_SPREAD] * several
    centre += [SCALE] + [NOISE] * rungs
    spread += [SCALE_SPREAD] + [NOISE_SPREAD] * rungs
    return np.array(centre), np.array(spread)


def loss(theta: Floats, data: Data, gaps: Floats) -> tuple[float, Floats]:
    """Return minus the logarithm of the posterior density of theta, up to a constant; its gradient.

    Args:
        theta: Where, (P,).
        data: What was measured.
        gaps: `Features.gaps` of the data with itself.
    """
    terms = _Terms(data, theta)
    signal = terms.scale * terms.correlation(data.placed, data.placed, gaps)
    covariance = terms.covariance(gaps)
    factor, failed = lapack.dpotrf(covariance, lower=1, clean=1)
    if failed:
        return 1e10, np.zeros_like(theta)
    solved = lapack.dpotrs(factor, data.values, lower=1)[0]
    inverse = lapack.dpotri(factor, lower=1)[0]
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    # d loss / d covariance; times minus the signal it is d loss / d distance
    slope = 0.5 * (inverse - np.outer(solved, solved))
    pull = -slope * signal
    options, total = data.features.options, pull.sum(axis=1)
    gradient = np.concatenate(
        [
            total @ options - np.einsum("nk,nk->k", pull @ options, options),
            np.tensordot(gaps, pull, axes=2),
            [-total.sum() / terms.scale],
            np.bincount(data.rungs, np.diag(slope), minlength=data.last + 1),
        ]
    )
    centre, spread = prior(data)
    away = (theta - centre) / spread
    value = 0.5 * data.values @ solved + np.log(np.diag(factor)).sum() + 0.5 * away @ away
    return float(value), gradient * terms.weights + away / spread


@lru_cache(maxsize=32)
def most_likely(data: Data) -> Floats:
    """Return the most likely theta, by L-BFGS from the prior's centre; the same data only once."""
    gaps = data.placed.gaps(data.placed)
    centre, _ = prior(data)
    found = minimize(
        loss,
        centre,
        args=(data, gaps),
        jac=True,
        method="L-BFGS-B",
        bounds=[(middle - WITHIN, middle + WITHIN) for middle in centre],
        options={"maxiter": STEPS},
    )
    return np.asarray(found.x)
