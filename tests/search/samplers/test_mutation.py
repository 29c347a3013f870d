"""Small changes of a config."""

import numpy as np
import pytest

from search.samplers.mutation import mutate, neighbours
from searchspace.domains import Choice, Float, Int
from searchspace.random import sample
from searchspace.space import Param, Space, When

SPACE = Space(
    "mutation",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("lr", Float(1e-4, 1.0, log=True), ""),
        Param("depth", Int(1, 3), "", when=When("kind", ("b",))),
        Param("act", Choice(("p", "q", "r")), "", when=When("depth", (2, 3))),
    ),
)


def test_a_child_is_a_point_that_differs_in_one_parameter_and_what_that_switches():
    generator = np.random.default_rng(0)
    dependants = {"kind": {"depth", "act"}, "depth": {"act"}, "lr": set(), "act": set()}
    changes = set()
    for _ in range(200):
        parent = sample(SPACE, generator)
        child = mutate(SPACE, parent, generator)
        SPACE.check(child)
        names = {name for name in parent | child if parent.get(name) != child.get(name)}
        assert any(names <= {name} | dependants[name] for name in names) or not names
        changes |= names
    assert changes == set(dependants)


def test_an_option_becomes_another_one():
    space = Space("option", (Param("act", Choice(("p", "q", "r")), ""),))
    generator = np.random.default_rng(0)
    options = {mutate(space, {"act": "p"}, generator)["act"] for _ in range(50)}
    assert options == {"q", "r"}


@pytest.mark.parametrize("step", [0.05, 0.2])
def test_a_number_moves_by_the_step_on_its_logarithmic_scale(step):
    space = Space("number", (Param("lr", Float(1e-10, 1.0, log=True), ""),))
    generator = np.random.default_rng(0)
    moves = [
        np.log10(mutate(space, {"lr": 1e-5}, generator, step)["lr"] / 1e-5) / 10 for _ in range(400)
    ]
    assert np.std(moves) == pytest.approx(step, rel=0.1)


def test_neighbours_differ_in_one_to_three_parameters_and_switch_nothing_on():
    start = {"kind": "b", "lr": 0.01, "depth": 2, "act": "q"}
    points = neighbours(SPACE, [start], 12, seed=1)
    assert len(points) == 12
    assert points == neighbours(SPACE, [start], 12, seed=1)
    assert points != neighbours(SPACE, [start], 12, seed=2)
    for number, point in enumerate(points):
        SPACE.check(point)
        assert start != point
        assert point not in points[:number]
    shallow = {"kind": "a", "lr": 0.01}  # "b" would switch on depth, of which nothing is known
    assert {point["kind"] for point in neighbours(SPACE, [shallow], 12, seed=1)} == {"a"}


def test_each_start_has_neighbours_and_a_small_space_fewer_than_were_asked_for():
    low, high = {"kind": "a", "lr": 1e-3}, {"kind": "a", "lr": 0.5}
    rates = [point["lr"] for point in neighbours(SPACE, [low, high], 20, seed=0)]
    assert 5 <= sum(rate < 0.02 for rate in rates) <= 15
    space = Space("option", (Param("act", Choice(("p", "q", "r")), ""),))
    assert {point["act"] for point in neighbours(space, [{"act": "p"}], 9, seed=0)} == {"q", "r"}
    assert neighbours(space, [], 9, seed=0) == ()
