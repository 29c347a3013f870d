"""Expected improvement, against the integral that defines it, and the constraints beside it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from search.samplers.model.acquisition import Promise, log_improvement
from search.samplers.model.features import Encoder
from searchspace.domains import Float
from searchspace.space import Param, Space

LINE = Space("line", (Param("x", Float(0.0, 1.0), ""),))
CONFIGS = [{"x": 0.25}, {"x": 0.75}]


class Line:
    """A model whose mean is the number itself plus an offset."""

    def __init__(self, offset, deviation):
        self.offset, self.deviation = offset, deviation

    def predict(self, features):
        means = features.numbers[:, 0] + self.offset
        return means, np.full(len(means), self.deviation**2)


@pytest.mark.parametrize("z", [-6.0, -2.0, -1.0, -0.99, 0.0, 3.0])
def test_improvement_is_the_integral(z):
    integral, _ = quad(lambda e: max(0.0, z + e) * norm.pdf(e), -z, 12, epsabs=0, epsrel=1e-10)
    assert log_improvement(np.array([z]))[0] == pytest.approx(np.log(integral), rel=1e-7)


def test_improvement_far_below_still_tells_better_from_worse():
    z = np.array([-1000.0, -100.0, -40.0, -5.0])
    logs = log_improvement(z)
    assert (np.diff(logs) > 0).all()
    # far below, the integral is the density over z squared
    np.testing.assert_allclose(logs[:3], norm.logpdf(z[:3]) - 2 * np.log(-z[:3]), rtol=1e-3)


def test_a_promise_is_improvement_times_the_chances_of_the_constraints():
    value, limits = Line(0.0, 0.5), [Line(-0.5, 0.2), Line(-1.0, 2.0)]
    logs = Promise(limits, value, 0.6)(Encoder(LINE).encode(CONFIGS))
    for log, config in zip(logs, CONFIGS, strict=True):
        z = (config["x"] - 0.6) / 0.5
        improvement = 0.5 * (z * norm.cdf(z) + norm.pdf(z))
        chances = [norm.cdf(-(config["x"] + limit.offset) / limit.deviation) for limit in limits]
        assert log == pytest.approx(np.log(improvement * np.prod(chances)))


def test_without_a_value_only_the_constraints_count():
    logs = Promise([Line(-0.5, 0.2)], None, 0.0)(Encoder(LINE).encode(CONFIGS))
    np.testing.assert_allclose(logs, norm.logcdf([0.25 / 0.2, -0.25 / 0.2]))
