"""Codes of configs: there and back, their distribution, their changes."""

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency, kstest
from spaces import SPACES, draw

from search.samplers.model.codes import Codec
from searchspace import random as to_random


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    return request.param


def test_a_config_comes_back_as_it_was(space):
    generator = np.random.default_rng(0)
    configs = [to_random.sample(space, generator) for _ in range(50)]
    codec = Codec(space)
    for config, codes in zip(configs, codec.encode(configs), strict=True):
        result = codec.decode(codes)
        assert list(result) == list(config)
        for name, value in config.items():
            near = isinstance(value, float) and math.isclose(result[name], value)
            assert near or result[name] == value


def test_draws_have_the_distribution_of_the_space(space):
    """Against the draws of single configs, parameter by parameter."""
    codec = Codec(space)
    codes = codec.draw(5000, np.random.default_rng(1))
    expected = codec.encode(draw("random", space.name))
    for column in range(len(space.params)):
        sample, other = codes[:, column], expected[:, column]
        assert np.isnan(sample).mean() == pytest.approx(np.isnan(other).mean(), abs=0.04)
        sample, other = sample[~np.isnan(sample)], other[~np.isnan(other)]
        values = np.unique(np.round(other, 9))
        if len(values) > 100:
            assert kstest(sample, other).pvalue > 1e-4
        else:
            counts = [[np.isclose(part, v).sum() for v in values] for part in (sample, other)]
            assert sum(counts[0]) == len(sample)
            assert chi2_contingency(counts).pvalue > 1e-4


def test_draws_and_mutations_are_points_of_the_space(space):
    codec, generator = Codec(space), np.random.default_rng(2)
    parents = codec.draw(200, generator)
    children = codec.mutate(parents, generator)
    for codes in (*parents, *children):
        space.check(codec.decode(codes))
    switched = np.isnan(parents) != np.isnan(children)
    changed = (parents != children) & ~np.isnan(parents) & ~np.isnan(children)
    assert (changed.sum(axis=1) <= 1 + switched.any(axis=1) * len(space.params)).all()
    assert ((changed | switched).any(axis=1)).mean() > 0.8  # whole numbers may stay


def test_the_smaller_the_step_the_nearer_the_child():
    space = SPACES["flat"]
    codec, generator = Codec(space), np.random.default_rng(3)
    parents = np.repeat(codec.draw(1, generator), 400, axis=0)
    numbers = codec.options == 0
    shifts = [
        np.abs(codec.mutate(parents, generator, step) - parents)[:, numbers].mean()
        for step in (0.02, 0.3)
    ]
    assert shifts[0] < shifts[1] / 3
