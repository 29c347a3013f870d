"""Random configs: their streams, and the map between [0, 1] and a domain."""

import doctest

import numpy as np
import pytest
from spaces import NESTED

from searchspace import random as to_random
from searchspace.domains import Choice, Float, Int


def test_random_draws_follow_the_seed_and_stay_aligned():
    first, again = (to_random.sample(NESTED, np.random.default_rng(3)) for _ in range(2))
    assert first == again
    assert first != to_random.sample(NESTED, np.random.default_rng(4))
    # What is inactive consumes its draw, so the n-th config does not depend on those before it.
    ahead = np.random.default_rng(3)
    ahead.random(len(NESTED.params))
    stream = np.random.default_rng(3)
    to_random.sample(NESTED, stream)
    assert to_random.sample(NESTED, stream) == to_random.sample(NESTED, ahead)


@pytest.mark.parametrize(
    ("domain", "u", "value"),
    [
        (Choice(("a", "b", "c")), 0.34, "b"),
        (Float(-1.0, 3.0), 0.25, 0.0),
        (Float(1e-4, 1.0, log=True), 0.5, 1e-2),
        (Int(-2, 4), 0.0, -2),
        (Int(-2, 4), 0.5, 1),
        (Int(-2, 4), 1 - 1e-9, 4),
        (Int(1, 9, log=True), 0.37, 1),  # log 3 / log 19 = 0.373 is where 2 begins
        (Int(1, 9, log=True), 0.38, 2),
    ],
)
def test_a_uniform_number_falls_where_the_density_says(domain, u, value):
    assert to_random.draw(domain, u) == pytest.approx(value)


@pytest.mark.parametrize(
    "domain", [Float(-1.0, 3.0), Float(1e-4, 1.0, log=True), Int(1, 9), Int(1, 9, log=True)]
)
def test_the_unit_of_a_value_is_drawn_back_to_it(domain):
    for u in (0.1, 0.5, 0.9):
        value = to_random.draw(domain, u)
        assert to_random.draw(domain, to_random.to_unit(domain, value)) == pytest.approx(value)


def test_the_example_holds():
    assert doctest.testmod(to_random) == (0, 4)
