import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.metrics.curve import area, trapezoid_weights

GRID = tuple(n / 255 for n in (0, 1, 2, 4, 8))


def test_by_hand():
    assert area([0, 1, 3], [1.0, 0.5, 0.0]) == pytest.approx((0.75 + 2 * 0.25) / 3)
    assert trapezoid_weights([0, 1, 3]).tolist() == pytest.approx([1 / 6, 1 / 2, 1 / 3])


def test_a_constant_is_its_own_area_and_a_line_its_middle():
    assert area(GRID, np.full(5, 0.73)) == pytest.approx(0.73)
    assert area(GRID, 1 - np.array(GRID) / GRID[-1]) == pytest.approx(0.5)


@given(
    widths=st.lists(st.floats(0.01, 1), min_size=1, max_size=8),
    data=st.data(),
)
def test_it_is_numpy_s_trapezoid_over_the_range(widths, data):
    eps = np.concatenate([[0.0], np.cumsum(widths)])
    sizes = st.lists(st.floats(0, 1), min_size=len(eps), max_size=len(eps))
    values = data.draw(sizes)
    expected = np.trapezoid(values, eps) / (eps[-1] - eps[0])
    assert area(eps.tolist(), values) == pytest.approx(expected)


def test_one_radius_gives_its_value():
    assert area([0.03], [0.4]) == 0.4


def test_a_missing_value_makes_the_area_missing():
    assert math.isnan(area(GRID, [1, 0.9, math.nan, 0.1, 0]))


@pytest.mark.parametrize("eps", [[], [0.1, 0.1], [0.2, 0.1], [0, math.nan]])
def test_radii_must_increase(eps):
    with pytest.raises(ValueError, match="expected increasing"):
        area(eps, [0.5] * len(eps))


def test_there_is_one_value_a_radius():
    with pytest.raises(ValueError, match="2 radii, but values of shape"):
        area([0, 1], [0.5, 0.5, 0.5])
