"""The covariance of configs, by hand and by its properties."""

import numpy as np
import pytest

from search.samplers.model.features import Encoder
from search.samplers.model.kernel import DISTANCE, EFFECTS, Kernel, kernel_prior
from searchspace import random as to_random
from searchspace.domains import Choice, Float
from searchspace.space import Param, Space, When

SPACE = Space(
    "kernel",
    (
        Param("act", Choice(("p", "q", "r")), ""),
        Param("x", Float(0.0, 1.0), "", when=When("act", ("p", "q"))),
    ),
)
COLUMNS = 4  # three options and a number
THETA = np.log([0.1, 0.3, 0.5, 2.0, 0.01, 0.02, 0.03, 0.4, 1.5])  # weights, effects, scale


def covariance(x, y):
    encoder, kernel = Encoder(SPACE), Kernel(THETA, options=3)
    rows, columns = encoder.encode([x]), encoder.encode([y])
    return kernel.signal(rows, columns, rows.pairs(columns)).total.item()


@pytest.mark.parametrize(
    ("x", "y", "distance", "effects"),
    [
        ({"act": "p", "x": 0.2}, {"act": "p", "x": 0.2}, 0.0, 0.01 + 0.4),
        ({"act": "p", "x": 0.2}, {"act": "q", "x": 0.7}, (0.1 + 0.3) / 2 + 2.0 * 0.5, 0.4 * 0.5),
        ({"act": "p", "x": 0.2}, {"act": "r"}, (0.1 + 0.5) / 2 + 2.0, 0.0),
        ({"act": "r"}, {"act": "r"}, 0.0, 0.03),
    ],
)
def test_it_is_the_formula(x, y, distance, effects):
    assert covariance(x, y) == pytest.approx(1.5 * np.exp(-distance) + effects)


def test_a_config_with_itself_has_the_variance_and_the_matrix_is_positive_definite():
    generator = np.random.default_rng(0)
    features = Encoder(SPACE).encode([to_random.sample(SPACE, generator) for _ in range(30)])
    kernel = Kernel(THETA, options=3)
    matrix = kernel.signal(features, features, features.pairs(features)).total
    np.testing.assert_allclose(np.diag(matrix), kernel.variance(features))
    np.testing.assert_allclose(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > -1e-10


def test_the_prior_shares_distance_and_effects_among_the_parameters():
    centres, spreads = kernel_prior(COLUMNS, typical=2.0)
    assert len(centres) == len(spreads) == 2 * COLUMNS + 1
    weights, effects, scale = np.split(np.exp(centres), [COLUMNS, 2 * COLUMNS])
    np.testing.assert_allclose(weights * 2, DISTANCE)
    np.testing.assert_allclose(effects * 2, EFFECTS)
    assert scale == 1.0
