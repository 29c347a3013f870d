"""Spaces: what is active, what is refused, and in which words."""

import doctest

import numpy as np
import pytest

from searchspace import space
from searchspace.domains import Choice, Float, Int
from searchspace.errors import UserError
from searchspace.random import sample
from searchspace.space import Param, Space, When
from searchspace.studies.tsynd import SPACE as TSYND

KIND = Param("kind", Choice(("sgd", "adam")), "")
LETTER = Param("letter", Choice(("a", "b")), "")
MOMENTUM = Param("momentum", Float(0.0, 1.0), "", when=When("kind", ("sgd",)))
SPACE = Space(
    "toy",
    (
        KIND,
        MOMENTUM,
        Param("depth", Int(1, 3), "", unit="blocks"),
        Param("wide", Choice((False, True)), "", when=When("depth", (2, 3))),
        Param("width", Int(1, 9), "", when=When("wide", (True,))),
    ),
)
POINT = {"kind": "adam", "depth": 2, "wide": True, "width": 4}


@pytest.mark.parametrize(
    ("config", "active"),
    [
        (POINT, ["kind", "depth", "wide", "width"]),
        (POINT | {"depth": 1}, ["kind", "depth"]),  # an inactive parent switches nothing on
        (POINT | {"kind": "sgd"}, ["kind", "momentum", "depth", "wide", "width"]),
        (POINT | {"wide": False}, ["kind", "depth", "wide"]),
        ({}, ["kind", "depth"]),
    ],
)
def test_a_parameter_is_active_where_its_parent_is_and_has_the_option(config, active):
    assert [param.name for param in SPACE.active(config)] == active


def test_restrict_keeps_the_active_in_declared_order():
    full = {"epochs": 9, "width": 4, "wide": True, "momentum": 0.5, "depth": 1, "kind": "sgd"}
    restricted = SPACE.restrict(full)
    assert list(restricted.items()) == [("kind", "sgd"), ("momentum", 0.5), ("depth", 1)]
    assert SPACE.contains(restricted)
    assert not SPACE.contains(full)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Momentun": 2}, "unknown parameter of toy 'Momentun': did you mean momentum?"),
        ({"kind": "rms"}, "kind is 'rms': choose from sgd, adam"),
        ({"depth": 4}, "depth is 4: choose from 1 to 3 blocks"),
        ({"depth": 2.0}, "depth is 2.0: choose from 1 to 3 blocks"),
        ({"depth": True}, "depth is True: choose from 1 to 3 blocks"),
        ({"momentum": 0.5}, "momentum exists only where kind is sgd: leave it out"),
        ({"wide": False}, "width exists only where wide is True: leave it out"),
        ({"depth": 1}, "wide exists only where depth is 2 or 3: leave it out"),
        ({"kind": "sgd"}, "momentum is missing: give a value from 0.0 to 1.0"),
        # The wrong parent is named, not the child that it switches off.
        ({"kind": "SGD", "momentum": 0.5}, "kind is 'SGD': choose from sgd, adam"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(change, message):
    with pytest.raises(UserError) as caught:
        SPACE.check(POINT | change)
    assert str(caught.value) == message
    assert not SPACE.contains(POINT | change)


def test_a_point_is_accepted():
    SPACE.check(POINT)
    assert SPACE.contains(POINT)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ((KIND, KIND), "'kind' repeats"),
        ((Param("two words", Int(1, 2), ""),), "'two words' repeats or is no identifier"),
        ((MOMENTUM, KIND), "'kind', which is not declared before it"),
        ((Param("x", Int(1, 2), "", when=When("x", (1,))),), "'x', which is not declared"),
        ((KIND, Param("x", Int(1, 2), "", when=When("kind", ("rms",)))), "can never hold"),
        ((KIND, Param("x", Int(1, 2), "", when=When("kind", ()))), "can never hold"),
        ((LETTER, Param("x", Int(1, 2), "", when=When("letter", "ab"))), "can never hold"),
        (
            (Param("depth", Int(1, 2), ""), Param("x", Int(1, 2), "", when=When("depth", (True,)))),
            "can never hold",
        ),
        (
            (Param("lr", Float(0, 1), ""), Param("x", Int(1, 2), "", when=When("lr", (0.5,)))),
            "can never hold",
        ),
    ],
)
def test_spaces_that_cannot_be_made(params, message):
    with pytest.raises(ValueError, match=message):
        Space("bad", params)


def test_the_space_of_tsynd():
    domains = {param.name: param.domain for param in TSYND.params}
    assert domains == {
        "regime": Choice(("tsynd", "adversarial")),
        "latent_lr": Float(1e-3, 1, log=True),
        "latent_iterations": Int(5, 100, log=True),
        "latent_sigma": Float(0.05, 2, log=True),
        "uncertainty": Choice(("mi", "entropy")),
        "attack_eps": Float(0.5 / 255, 16 / 255, log=True),
        "attack_steps": Choice((2, 5, 10)),
        "lr": Float(1e-4, 1e-2, log=True),
        "weight_decay": Float(1e-6, 1e-2, log=True),
    }
    assert all(param.doc for param in TSYND.params)


@pytest.mark.parametrize("iterations", [50, 100])
@pytest.mark.parametrize("sigma", [0.1, 1.0])
def test_the_settings_of_the_paper_lie_in_the_space_of_tsynd(iterations, sigma):
    paper = {
        "regime": "tsynd",
        "latent_lr": 0.1,
        "latent_iterations": iterations,
        "latent_sigma": sigma,
    }
    TSYND.check(paper | {"uncertainty": "mi", "lr": 1e-3, "weight_decay": 1e-5})


def test_the_example_holds():
    assert doctest.testmod(space) == (0, 6)


REGIME = Param("regime", Choice(("a", "b", "c")), "")
ARMS = Space(
    "arms",
    (
        Param("lr", Float(0.0, 1.0), ""),
        REGIME,
        Param("noise", Choice((True, False)), "", when=When("regime", ("a",))),
        Param("sigma", Float(0.0, 1.0), "", when=When("noise", (True,))),
        Param("eps", Float(0.0, 1.0), "", when=When("regime", ("b", "c"))),
    ),
    arms="regime",
)


def test_an_arm_has_what_it_switches_on_as_if_there_were_no_other():
    assert ARMS.arm_options == ("a", "b", "c")
    names = {arm: [param.name for param in ARMS.of_arm(arm).params] for arm in ARMS.arm_options}
    assert names == {"a": ["lr", "noise", "sigma"], "b": ["lr", "eps"], "c": ["lr", "eps"]}
    assert [param.when for param in ARMS.of_arm("a").params] == [None, None, When("noise", (True,))]
    assert ARMS.of_arm("a").arms == ""
    for arm in ARMS.arm_options:
        for seed in range(20):
            point = sample(ARMS.of_arm(arm), np.random.default_rng(seed))
            ARMS.check(point | {"regime": arm})


@pytest.mark.parametrize("name", ["lr", "noise", "unknown"])
def test_arms_are_options_of_a_choice_that_is_always_active(name):
    with pytest.raises(ValueError, match=f"the arms '{name}'"):
        Space("arms", ARMS.params, arms=name)


def test_a_space_without_arms_has_none():
    assert SPACE.arm_options == ()
