"""Where names are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from analysis.figures.labels import spread

POSITIONS = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_positions_that_are_apart_stay():
    np.testing.assert_allclose(spread([0.9, 0.1, 0.5], 0.1, 0, 1), [0.9, 0.1, 0.5])


def test_equal_positions_open_around_their_place():
    np.testing.assert_allclose(spread([0.5, 0.5, 0.5], 0.1, 0, 1), [0.4, 0.5, 0.6])


def test_no_position_leaves_the_axes():
    np.testing.assert_allclose(spread([0, 0, 1, 1], 0.1, 0, 1), [0, 0.1, 0.9, 1])


def test_nothing_is_nothing():
    assert len(spread([], 0.1, 0, 1)) == 0


@given(POSITIONS)
def test_order_and_distance_hold(positions):
    result = spread(positions, 0.1, 0, 1)
    order = np.argsort(positions, kind="stable")
    assert (np.diff(result[order]) > 0.1 - 1e-9).all()
    assert result.min() > -1e-9
    assert result.max() < 1 + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_nothing_moves_less(seed):
    positions = np.sort(np.random.default_rng(seed).random(6)) * 0.5
    apart = {"type": "ineq", "fun": lambda x: np.diff(x) - 0.12}
    best = minimize(
        lambda x: ((x - positions) ** 2).sum(),
        np.linspace(0, 1, 6),
        bounds=[(0, 1)] * 6,
        constraints=apart,
        tol=1e-12,
    )
    np.testing.assert_allclose(spread(positions, 0.12, 0, 1), best.x, atol=1e-4)
