"""Spaces of every shape, and configs of them drawn by every translator."""

from functools import cache

import hyperopt
import numpy as np
import optuna
from hyperopt.base import Domain as HyperoptDomain
from hyperopt.base import Trials

from searchspace import hyperopt as to_hyperopt
from searchspace import optuna as to_optuna
from searchspace import random as to_random
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When
from searchspace.studies.tsynd import SPACE as TSYND

DRAWS = 5000


def network(depths):
    """A space like a search over U-Nets: blocks down to the depth, reduction where SE is on."""
    params = [Param("depth", depths, "")]
    for block in range(1, 4):
        exists = When("depth", tuple(range(block, 4)))
        params += [
            Param(f"pattern_{block}", Int(1, 15), "", when=exists),
            Param(f"filters_{block}", Choice((8, 16, 32)), "", when=exists),
            Param(f"se_{block}", Choice((False, True)), "", when=exists),
            Param(f"reduction_{block}", Choice((2, 4)), "", when=When(f"se_{block}", (True,))),
        ]
    return Space("network", tuple(params))


FLAT = Space(
    "flat",
    (
        Param("real", Float(-1.0, 3.0), ""),
        Param("real_log", Float(1e-4, 1.0, log=True), ""),
        Param("whole", Int(-2, 4), ""),
        Param("whole_log", Int(1, 9, log=True), ""),
        Param("texts", Choice(("a", "b", "c")), ""),
        Param("mixed", Choice((False, 3, 0.5, "3")), ""),
    ),
)
NESTED = Space(
    "nested",
    (
        Param("on", Choice((True, False)), ""),
        # A name that the key of a branch's own value must not take.
        Param("value", Int(2, 5, log=True), "", when=When("on", (True,))),
        Param("rate", Float(0.1, 10.0, log=True), "", when=When("value", (2, 3))),
        Param("width", Int(3, 20, log=True), "", when=When("value", (2, 5))),
        Param("share", Float(0.0, 1.0), "", when=When("on", (False,))),
    ),
)
SPACES = {space.name: space for space in (FLAT, NESTED, network(Int(1, 3)), TSYND)}


def draw_random(space, draws):
    rng = np.random.default_rng(5)
    return [to_random.sample(space, rng) for _ in range(draws)]


def draw_optuna(space, draws):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=5))
    return [to_optuna.suggest(space, study.ask()) for _ in range(draws)]


def hyperopt_vals(expression, draws):
    """What hyperopt remembers of random trials: for each label a list of one value, or none."""
    domain = HyperoptDomain(len, expression)
    trials = hyperopt.rand.suggest(list(range(draws)), domain, Trials(), seed=5)
    return [trial["misc"]["vals"] for trial in trials]


@cache
def expression(space_name):
    return to_hyperopt.expression(SPACES[space_name])


def evaluate(space, vals):
    point = {label: value[0] for label, value in vals.items() if value}
    return to_hyperopt.flatten(space, hyperopt.space_eval(expression(space.name), point))


def draw_hyperopt(space, draws):
    vals = hyperopt_vals(expression(space.name), draws)
    return [evaluate(space, values) for values in vals]


TRANSLATORS = {"random": draw_random, "optuna": draw_optuna, "hyperopt": draw_hyperopt}


@cache
def draw(translator, space_name):
    """Draw configs of a space by one of the translators, always the same."""
    return TRANSLATORS[translator](SPACES[space_name], DRAWS)
