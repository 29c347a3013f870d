import math

import numpy as np
import pytest

from trainables.metrics.radii import radii_at, radius_at, spaced

EPS = (0.0, 1.0, 2.0, 4.0, 8.0)


def test_radii_are_read_off_where_the_curve_crosses_each_share():
    assert radii_at(EPS, [1, 0.75, 0.5, 0.25, 0]) == (0, 1, 2, 4)


def test_between_two_radii_the_share_falls_with_the_logarithm():
    (_, radius) = radii_at(EPS, [1, 1, 0.8, 0.4, 0], shares=(0.6,))
    assert radius == pytest.approx(2 * math.sqrt(2), abs=0.05)


def test_a_rise_is_not_believed():
    rising = radii_at(EPS, [1, 0.7, 0.4, 0.9, 0.2])
    assert rising == radii_at(EPS, [1, 0.7, 0.4, 0.4, 0.2])


@pytest.mark.parametrize(("share", "radius"), [(0.0, 1.0), (1.0, 8.0)])
def test_a_share_lost_at_once_or_never_stands_for_the_least_or_the_greatest(share, radius):
    assert radii_at(EPS, [1, *[share] * 4]) == (0, radius)


def test_two_digits_are_kept():
    assert radii_at((0, 1.2345, 2.4690), [1, 0.5, 0.0], shares=(0.5,)) == (0, 1.2)


def test_one_radius_is_not_rounded():
    assert radius_at(EPS, [1, 1, 0.8, 0.4, 0], 0.6) == pytest.approx(2 * math.sqrt(2))


def test_equal_steps_of_the_logarithm_in_two_digits_of_a_unit():
    unit = 1 / 255
    eps = spaced(0.3 * unit, 24 * unit, 5, unit=unit)
    assert [radius * 255 for radius in eps] == pytest.approx([0, 0.3, 0.9, 2.7, 8.0, 24])
    assert spaced(1, 1.001, 3) == (0, 1)  # what rounds to the same is one radius


@pytest.mark.parametrize(
    ("eps", "survival"), [((0,), [1]), ((1, 2), [1, 1]), ((0, 2, 2), [1, 1, 1]), ((0, 1), [1])]
)
def test_what_is_no_curve_is_refused(eps, survival):
    with pytest.raises(ValueError, match="radii"):
        radii_at(eps, np.array(survival, dtype=float))
