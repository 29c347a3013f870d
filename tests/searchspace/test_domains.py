"""Domains: what they hold, and which of them cannot be made."""

import math

import numpy as np
import pytest

from searchspace.domains import Choice, Float, Int

HELD = [
    (Float(-1.0, 2.0), (-1.0, -1, 0, 0.5, 2, 2.0, np.float64(0.5))),
    (Float(1e-3, 1, log=True), (1e-3, 0.5, 1)),
    (Int(0, 3), (0, 1, 3)),
    (Int(1, 9, log=True), (1, 9)),
    (Choice(("a", "b")), ("a", "b")),
    (Choice((False, 2, 0.5, "2")), (False, 2, 0.5, "2")),
]
STRANGERS = [
    (
        Float(-1.0, 2.0),
        (math.nextafter(2, 3), math.nextafter(-1, -2), math.nan, math.inf, -math.inf),
    ),
    (Float(-1.0, 2.0), (True, "0.5", None, [0.5], 0.5j)),
    (Int(0, 3), (-1, 4, True, False, 1.0, "1", None, math.nan, np.float64(1))),
    (Choice(("a", "b")), ("c", "", "A", None, ["a"], ("a",), 0, np.str_("a"))),
    (Choice((False, 2, 0.5, "2")), (0, 0.0, True, 2.0, np.float64(0.5), np.array([2, 2]))),
]


@pytest.mark.parametrize(("domain", "values"), HELD)
def test_values_that_lie_in_a_domain(domain, values):
    assert [value for value in values if not domain.contains(value)] == []


@pytest.mark.parametrize(("domain", "values"), STRANGERS)
def test_values_that_do_not(domain, values):
    assert [value for value in values if domain.contains(value)] == []


@pytest.mark.parametrize(
    ("kind", "low", "high", "log"),
    [
        (Float, 1.0, 1.0, False),
        (Float, 2.0, 1.0, False),
        (Float, math.nan, 1.0, False),
        (Float, 0.0, math.inf, False),
        (Float, -1e308, 1e308, False),
        (Float, "0", "1", False),
        (Float, False, True, False),
        (Float, 0.0, 1.0, True),
        (Float, -1.0, 1.0, True),
        (Int, 3, 3, False),
        (Int, 4, 3, False),
        (Int, 0.0, 3, False),
        (Int, 0, 3.5, False),
        (Int, False, True, False),
        (Int, 0, 3, True),
    ],
)
def test_bounds_that_make_no_domain(kind, low, high, log):
    with pytest.raises(ValueError, match=r"bounds are .* and|log needs low") as caught:
        kind(low, high, log)
    assert str(low) in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        *((), ("a",), ("a", "a"), (1, True), (0.0, False), (1, 1.0), ["a", "b"], "ab"),
        *((1.0, math.nan), (1.0, math.inf), ("a", None), ("a", ("b",)), (1.0, np.float64(2))),
    ],
)
def test_options_that_make_no_domain(options):
    with pytest.raises(ValueError, match="options are") as caught:
        Choice(options)
    assert repr(options) in str(caught.value)
