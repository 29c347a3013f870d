"""The Gaussian process, against scikit-learn's, against the formula written out, and by itself."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from search.samplers.model.features import Encoder
from search.samplers.model.gaussian_process import OFFSET, Data, Posterior, loss, most_likely
from searchspace import random as to_random
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

MIXED = Space(
    "mixed",
    (
        Param("depth", Int(1, 3), ""),
        Param("kind", Choice(("a", "b", "c")), ""),
        Param("lr", Float(1e-4, 1.0, log=True), ""),
        Param("act", Choice(("relu", "elu")), "", when=When("depth", (2, 3))),
        Param("width", Int(8, 64, log=True), "", when=When("depth", (3,))),
    ),
)
LINE = Space("line", (Param("x", Float(0.0, 1.0), ""),))
COLUMNS = 3 + 2 + 3  # options of kind, of act, numbers


def make_data(space, count, rungs=1, seed=0, value=None):
    generator = np.random.default_rng(seed)
    configs = [to_random.sample(space, generator) for _ in range(count)]
    values = generator.standard_normal(count) if value is None else np.array([*map(value, configs)])
    typical = float(np.mean([len(config) for config in configs]))
    features = Encoder(space).encode(configs)
    levels = generator.integers(0, rungs, count)
    return configs, Data(
        features=features, rungs=levels, last=rungs - 1, values=values, typical=typical
    )


def covariance(x, y, theta, distance_in_rungs):
    """The kernel by its definition, for two configs of `MIXED`."""
    names = [("kind", o) for o in "abc"] + [("act", o) for o in ("relu", "elu")]
    weights = dict(zip(names, np.exp(theta[:5]), strict=True)) | {("act", None): 0.0}
    effects = dict(zip(names, np.exp(theta[COLUMNS : COLUMNS + 5]), strict=True))
    effects |= {("act", None): 0.0}
    scale, change = np.exp(theta[2 * COLUMNS : 2 * COLUMNS + 2])
    distance = single = 0.0
    for name in ("kind", "act"):
        a, b = (name, x.get(name)), (name, y.get(name))
        distance += 0.0 if a == b else (weights[a] + weights[b]) / 2
        single += effects[a] if a == b else 0.0
    for column, name in enumerate(("depth", "lr", "width")):
        weight, effect = np.exp(theta[5 + column]), np.exp(theta[COLUMNS + 5 + column])
        if name in x and name in y:
            domain = next(param.domain for param in MIXED.params if param.name == name)
            gap = abs(to_random.to_unit(domain, x[name]) - to_random.to_unit(domain, y[name]))
            distance += weight * gap
            single += effect * (1 - gap)
        elif name in x or name in y:
            distance += weight
    signal = scale * np.exp(-distance) + single
    return signal * np.exp(-change * distance_in_rungs) + (
        OFFSET if distance_in_rungs == 0 else 0.0
    )


def test_it_agrees_with_scikit_learn_on_a_line():
    """With a number alone and no single effects it has the kernel of Ornstein and Uhlenbeck."""
    _, data = make_data(LINE, 12)
    weight, scale, noise = 3.0, 0.7, 0.05
    theta = np.array([np.log(weight), -60.0, np.log(scale), 0.0, np.log(noise)])
    kernel = ConstantKernel(scale) * Matern(1 / weight, nu=0.5) + ConstantKernel(OFFSET)
    oracle = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
    oracle.fit(data.features.numbers, data.values)
    _, queries = make_data(LINE, 5, seed=1)
    mean, deviation = oracle.predict(queries.features.numbers, return_std=True)
    prediction, variance = Posterior(data, theta).predict(queries.features)
    np.testing.assert_allclose(prediction, mean, rtol=1e-5)
    np.testing.assert_allclose(np.sqrt(variance), deviation, rtol=1e-5)
    centre, spread = data.prior
    improbable = 0.5 * np.sum(np.square((theta - centre) / spread))
    likelihood = improbable - loss(theta, data, data.features.pairs(data.features))[0]
    expected = oracle.log_marginal_likelihood_value_ + len(data.values) / 2 * np.log(2 * np.pi)
    assert likelihood == pytest.approx(expected, rel=1e-5)


def test_it_is_the_formula_over_choices_conditions_and_rungs():
    configs, data = make_data(MIXED, 14, rungs=3)
    new, queries = make_data(MIXED, 6, seed=1)
    theta = data.prior[0] + np.random.default_rng(2).normal(0, 0.4, len(data.prior[0]))
    noise = np.exp(theta[-3:])
    full = np.array(
        [
            [
                covariance(a, b, theta, abs(r - s)) + (noise[r] if i == j else 0.0)
                for j, (b, s) in enumerate(zip(configs, data.rungs, strict=True))
            ]
            for i, (a, r) in enumerate(zip(configs, data.rungs, strict=True))
        ]
    )
    across = np.array(
        [[covariance(a, b, theta, 2 - r) for b in new] for a, r in zip(configs, data.rungs)]  # noqa: B905
    )
    mean, variance = Posterior(data, theta).predict(queries.features)
    np.testing.assert_allclose(mean, across.T @ np.linalg.solve(full, data.values), rtol=1e-4)
    prior = np.array([covariance(b, b, theta, 0) for b in new])
    reduction = np.sum(across * np.linalg.solve(full, across), axis=0)
    np.testing.assert_allclose(variance, prior - reduction, rtol=1e-4)


def test_the_gradient_is_that_of_the_loss():
    _, data = make_data(MIXED, 20, rungs=2)
    centre, _ = data.prior
    theta = centre + np.random.default_rng(3).normal(0, 0.5, len(centre))
    pairs = data.features.pairs(data.features)
    steps = 1e-5 * np.eye(len(theta))
    numeric = [
        (loss(theta + step, data, pairs)[0] - loss(theta - step, data, pairs)[0]) / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(loss(theta, data, pairs)[1], numeric, rtol=1e-5, atol=1e-7)


def test_fitting_finds_what_matters():
    """Two of five parameters do, one of them only where it exists."""

    def value(config):
        return 2.0 * (config["kind"] == "c") + 1.5 * (config.get("act") == "elu") - 1.2

    _, data = make_data(MIXED, 60, value=value)
    new, queries = make_data(MIXED, 40, seed=1)
    theta, pairs = most_likely(data), data.features.pairs(data.features)
    assert loss(theta, data, pairs)[0] < loss(data.prior[0], data, pairs)[0] - 10
    errors = [
        np.std(Posterior(data, weights).predict(queries.features)[0] - np.array([*map(value, new)]))
        for weights in (theta, data.prior[0])
    ]
    assert errors[0] < min(0.1, 0.5 * errors[1])


def test_a_rung_below_informs_less_than_the_last():
    _, data = make_data(MIXED, 8, rungs=2)
    theta = data.prior[0]
    _, variance = Posterior(data, theta).predict(data.features)
    assert variance[data.rungs == 0].min() > variance[data.rungs == 1].max()


def test_belief_moves_no_mean_but_leaves_less_to_learn():
    _, data = make_data(MIXED, 15, rungs=2)
    new = make_data(MIXED, 4, seed=5)[1].features
    elsewhere = make_data(MIXED, 6, seed=6)[1].features
    before = Posterior(data, data.prior[0])
    after = before.believe(new)
    for features in (new, elsewhere):
        np.testing.assert_allclose(after.predict(features)[0], before.predict(features)[0])
        assert (after.predict(features)[1] < before.predict(features)[1]).all()


def test_the_same_data_are_fitted_once():
    most_likely.cache_clear()
    for _ in range(3):
        most_likely(make_data(LINE, 6)[1])
    most_likely(make_data(LINE, 7)[1])
    assert most_likely.cache_info()[:2] == (2, 2)  # hits, misses
