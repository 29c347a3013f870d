"""What holds for every space and every config, searched for counterexamples."""

import math

import hyperopt
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import FixedTrial

from searchspace import hyperopt as to_hyperopt
from searchspace import optuna as to_optuna
from searchspace.domains import Choice, Float, Int
from searchspace.encoding import canonical, digest
from searchspace.random import sample
from searchspace.space import Param, Space, When

OPTIONS = st.one_of(st.booleans(), st.integers(-9, 9), st.sampled_from(("a", "b", "1", 0.5, 0.1)))


@st.composite
def floats(draw):
    log = draw(st.booleans())
    low = draw(st.floats(1e-8, 1e3) if log else st.floats(-1e3, 1e3))
    return Float(low, low + draw(st.floats(1e-3, 1e4)), log)


@st.composite
def ints(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -9, 20))
    return Int(low, low + draw(st.integers(1, 9)), log)


def choices():
    several = st.lists(OPTIONS, min_size=2, max_size=4, unique=True)
    return several.map(lambda options: Choice(tuple(options)))


def values(domain):
    return domain.options if isinstance(domain, Choice) else range(domain.low, domain.high + 1)


@st.composite
def conditions(draw, earlier):
    parents = [param for param in earlier if not isinstance(param.domain, Float)]
    if not parents or draw(st.booleans()):
        return None
    parent = draw(st.sampled_from(parents))
    options = draw(st.lists(st.sampled_from(values(parent.domain)), min_size=1, unique=True))
    return When(parent.name, tuple(options))


@st.composite
def spaces(draw):
    params = []
    for number in range(draw(st.integers(1, 5))):
        domain = draw(st.one_of(floats(), ints(), choices()))
        params.append(Param(f"p{number}", domain, "", when=draw(conditions(params))))
    return Space("any", tuple(params))


@st.composite
def points(draw):
    space = draw(spaces())
    return space, sample(space, np.random.default_rng(draw(st.integers(0, 2**32))))


def near_misses(space, config):
    """Configs that are wrong in one place."""
    active = space.active(config)
    for param in space.params:
        if param not in active:
            yield config | {param.name: inside(param.domain)}
    for param in active:
        yield {name: value for name, value in config.items() if name != param.name}
        for value in outside(param.domain):
            yield config | {param.name: value}
    yield config | {"p9": 0}


def inside(domain):
    return domain.options[0] if isinstance(domain, Choice) else domain.low


def outside(domain):
    yield from (None, math.nan, [])
    match domain:
        case Float(low, high):
            yield from (math.nextafter(low, -math.inf), math.nextafter(high, math.inf))
            yield from (True, str(low))
        case Int(low, high):
            yield from (low - 1, high + 1, float(low), True, str(low))
        case Choice(options):
            yield from ("elsewhere", options)
            # 1, 1.0 and True are equal: only an option's own type is the option.
            yield from (float(o) for o in options if type(o) in {bool, int})
            yield from (str(o) for o in options if str(o) not in options)


@given(points())
def test_samples_lie_in_their_space(point):
    space, config = point
    space.check(config)
    assert space.restrict(config) == config


@given(points())
def test_near_misses_do_not(point):
    space, config = point
    for wrong in near_misses(space, config):
        assert not space.contains(wrong), wrong


@given(points())
def test_canonical_is_idempotent_and_stays_in_the_space(point):
    space, config = point
    form = canonical(space, config)
    assert space.contains(form)
    assert canonical(space, form) == form
    assert digest(space, form) == digest(space, config)


@given(points(), st.randoms(use_true_random=False))
def test_digests_see_neither_order_nor_inactive_values(point, random):
    space, config = point
    written = config | {p.name: random.random() for p in space.params if p.name not in config}
    names = [*written, "seed"]
    random.shuffle(names)
    shuffled = {name: written.get(name, 1) for name in names}
    assert digest(space, shuffled) == digest(space, config)


@given(points())
@settings(max_examples=50)
def test_every_point_passes_through_both_libraries(point):
    space, config = point
    vals = to_hyperopt.to_vals(space, config)
    assignment = {label: value[0] for label, value in vals.items() if value}
    nested = hyperopt.space_eval(to_hyperopt.expression(space), assignment)
    assert to_hyperopt.flatten(space, nested) == config
    assert to_optuna.suggest(space, FixedTrial(config)) == config
    assert set(to_optuna.distributions(space, config)) == set(config)
