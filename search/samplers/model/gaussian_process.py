"""A Gaussian process of values that configs have at the rungs of a ladder [gpml]."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack, solve_triangular
from scipy.optimize import minimize

from search.samplers.model.features import Features, Floats, Pairs
from search.samplers.model.kernel import Kernel, kernel_prior

# Of logarithms: centre and spread of normal priors, for values that are standardised.
RUNG, RUNG_SPREAD = math.log(0.35), 1.0  # neighbouring rungs correlate by exp(-0.35)
NOISE, NOISE_SPREAD = math.log(0.01), 1.5  # variance of noise, of each rung
REACH = 5.0  # how far from its centre a logarithm may go
OFFSET = 1.0  # variance of the mean of a rung
STEPS = 25  # of the optimiser
JITTER = 1e-8


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Data:
    """Measurements; hashed and compared by content, as keys of a cache.

    Attributes:
        features: Of N configs; one measured at two rungs is there twice.
        rungs: Where each was measured, from 0, (N,).
        last: The rung that counts.
        values: What was measured, about standardised, (N,).
        typical: How many parameters a config has, on average.
    """

    features: Features
    rungs: npt.NDArray[np.int64]
    last: int
    values: Floats
    typical: float

    @cached_property
    def _key(self) -> tuple[bytes | float, ...]:
        arrays = (self.features.options, self.features.numbers, self.rungs, self.values)
        return (self.last, self.typical, *(array.tobytes() for array in arrays))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Data) and self._key == other._key

    @property
    def distance(self) -> npt.NDArray[np.int64]:
        """How many rungs lie between any two measurements, (N, N)."""
        return np.asarray(np.abs(self.rungs[:, None] - self.rungs))

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Centres and spreads of the normal prior of theta.

        Theta holds logarithms: the kernel's, how much a rung changes, and each rung's noise.
        """
        columns = self.features.options.shape[1] + self.features.numbers.shape[1]
        centre, spread = kernel_prior(columns, self.typical)
        rungs = self.last + 1
        return (
            np.concatenate([centre, [RUNG], [NOISE] * rungs]),
            np.concatenate([spread, [RUNG_SPREAD], [NOISE_SPREAD] * rungs]),
        )


@final
class Posterior:
    """What the measurements predict for other configs.

    The covariance of two measurements, at configs x and y and rungs r and s, is

        kernel(x, y) * exp(-change * |r - s|) + [r = s] (OFFSET + [same measurement] noise of r)
    """

    def __init__(self, data: Data, theta: Floats) -> None:
        self._data, self._theta = data, theta
        self._kernel, change, noise = _split(data, theta)
        pairs = data.features.pairs(data.features)
        signal = self._kernel.signal(data.features, data.features, pairs).total
        covariance = _covariance(data, signal * np.exp(-change * data.distance), noise)
        self._factor, error = lapack.dpotrf(covariance, lower=1, clean=1)
        if error:
            raise ArithmeticError("the covariance is not positive definite")
        self._weights = lapack.dpotrs(self._factor, data.values, lower=1)[0]
        self._fading = np.exp(-change * (data.last - data.rungs))[:, None]

    def predict(self, features: Features) -> tuple[Floats, Floats]:
        """Return mean and variance of what the last rung would show without noise, (M,) each."""
        data = self._data
        signal = self._kernel.signal(data.features, features, data.features.pairs(features)).total
        cross = self._fading * signal + OFFSET * (data.rungs == data.last)[:, None]
        reduction = solve_triangular(self._factor, cross, lower=True, check_finite=False)
        variance = self._kernel.variance(features) + OFFSET - np.square(reduction).sum(axis=0)
        return cross.T @ self._weights, np.maximum(variance, JITTER)

    def believe(self, features: Features) -> "Posterior":
        """Return the posterior if these configs had the values at the last rung that it expects."""
        means, _ = self.predict(features)
        data = self._data
        union = Data(
            features=data.features.append(features),
            rungs=np.append(data.rungs, np.full(len(features), data.last)),
            last=data.last,
            values=np.append(data.values, means),
            typical=data.typical,
        )
        return Posterior(union, self._theta)


def loss(theta: Floats, data: Data, pairs: Pairs) -> tuple[float, Floats]:
    """Return minus the log posterior density of theta, up to a constant, and its gradient.

    Args:
        theta: Logarithms, as in `Data.prior`.
        data: What was measured.
        pairs: Of the configs with themselves.
    """
    kernel, change, noise = _split(data, theta)
    signal = kernel.signal(data.features, data.features, pairs)
    fading = np.exp(-change * data.distance)
    covariance = signal.total * fading
    factor, error = lapack.dpotrf(_covariance(data, covariance, noise), lower=1, clean=1)
    if error:
        return 1e10, np.zeros_like(theta)
    weights = lapack.dpotrs(factor, data.values, lower=1)[0]
    inverse = lapack.dpotri(factor, lower=1)[0]
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    slope = 0.5 * (inverse - np.outer(weights, weights))  # by the covariance
    parts: list[Floats] = [
        kernel.gradient(slope * fading, data.features, pairs, signal),
        np.array([-change * np.sum(slope * covariance * data.distance)]),
        noise * np.bincount(data.rungs, np.diag(slope), minlength=len(noise)),
    ]
    centre, spread = data.prior
    deviation = (theta - centre) / spread
    value = 0.5 * data.values @ weights + np.log(np.diag(factor)).sum()
    value += 0.5 * deviation @ deviation
    return float(value), np.concatenate(parts) + deviation / spread


@lru_cache(maxsize=32)
def most_likely(data: Data) -> Floats:
    """Return the most likely theta, by L-BFGS from the prior's centre; cached by the data."""
    centre, _ = data.prior
    result = minimize(
        loss,
        centre,
        args=(data, data.features.pairs(data.features)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(middle - REACH, middle + REACH) for middle in centre],
        options={"maxiter": STEPS},
    )
    return np.asarray(result.x)


def _split(data: Data, theta: Floats) -> tuple[Kernel, float, Floats]:
    rungs = data.last + 1
    noise = np.exp(theta[-rungs:])
    kernel = Kernel(theta[: -rungs - 1], data.features.options.shape[1])
    return kernel, float(np.exp(theta[-rungs - 1])), noise


def _covariance(data: Data, signal: Floats, noise: Floats) -> Floats:
    covariance = signal + OFFSET * (data.rungs[:, None] == data.rungs)
    covariance[np.diag_indices(len(covariance))] += noise[data.rungs] + JITTER
    return np.asarray(covariance)
