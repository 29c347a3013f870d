"""How promising a config is: expected improvement [ei], where constraints are met."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from search.samplers.model.features import Features, Floats
from search.samplers.model.gaussian_process import Posterior

LOWEST = -1e4  # standard deviations; improvement further below is taken as that


@final
@dataclass(frozen=True)
class Promise:
    """The logarithm of expected improvement times the probability that constraints are met.

    Attributes:
        limits: Models of constraints, which are met at 0 and below.
        value: Model of the objective; None as long as no trial that may win has a value: then only
            the constraints count.
        incumbent: Highest value that the model expects of a recorded config that may win.
    """

    limits: Sequence[Posterior]
    value: Posterior | None
    incumbent: float

    def __call__(self, features: Features) -> Floats:
        """Return the logarithm for each config, (N,)."""
        total = np.zeros(len(features))
        for limit in self.limits:
            mean, variance = limit.predict(features)
            total += log_ndtr(-mean / np.sqrt(variance))
        if self.value is not None:
            mean, variance = self.value.predict(features)
            deviation = np.sqrt(variance)
            total += np.log(deviation) + log_improvement((mean - self.incumbent) / deviation)
        return total


def log_improvement(z: Floats) -> Floats:
    """Return log E[max(0, z + e)], e standard normal, without underflow [logei]."""
    high, low = np.maximum(z, -1.0), np.clip(z, LOWEST, -1.0)
    high_log = np.log(np.exp(_log_density(high)) + high * ndtr(high))
    ratio = math.sqrt(math.pi / 2) * erfcx(-low / math.sqrt(2))  # of tail to density
    return np.where(z > -1.0, high_log, _log_density(low) + np.log1p(low * ratio))


def _log_density(z: Floats) -> Floats:
    return -0.5 * z * z - 0.5 * math.log(2 * math.pi)
