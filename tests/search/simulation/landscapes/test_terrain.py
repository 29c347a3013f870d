"""Made-up functions: what each is made of."""

import numpy as np
import pytest

from search.samplers.model.codes import Codec
from search.simulation.landscapes.spaces import CHOICES, NUMBERS, networks
from search.simulation.landscapes.terrain import Shape, Terrain


@pytest.fixture
def make():
    def build(space=CHOICES, seed=0, **weights):
        codec = Codec(space)
        sample = codec.draw(4000, np.random.default_rng(1))
        return Terrain(codec, Shape(**weights), seed, sample), sample, codec

    return build


@pytest.mark.parametrize("kind", ["single", "pairs", "rugged", "peaks"])
def test_values_are_standardised_and_repeat_by_seed(make, kind):
    terrain, sample, _ = make(**{kind: 1.0})
    values = terrain(sample)
    assert values.mean() == pytest.approx(0, abs=1e-9)
    assert values.std() == pytest.approx(1)
    np.testing.assert_array_equal(values, make(**{kind: 1.0})[0](sample))
    assert np.abs(values - make(seed=1, **{kind: 1.0})[0](sample)).max() > 0.1


def effect(terrain, sample, column, option):
    changed = sample.copy()
    changed[:, column] = option
    return terrain(changed) - terrain(np.where(np.arange(8) == column, 0.0, sample))


def test_single_effects_are_the_same_everywhere_and_pairs_are_not(make):
    terrain, sample, _ = make(single=1.0)
    assert effect(terrain, sample, 3, 2.0).std() == pytest.approx(0, abs=1e-9)
    terrain, sample, _ = make(pairs=1.0)
    assert effect(terrain, sample, 3, 2.0).std() > 0.1


def test_ruggedness_forgets_sooner_than_single_effects(make):
    """How much of the variance a neighbour explains, one of the eight parameters changed."""

    def likeness(kind):
        terrain, sample, codec = make(**{kind: 1.0})
        neighbours = codec.mutate(sample, np.random.default_rng(2))
        return np.corrcoef(terrain(sample), terrain(neighbours))[0, 1]

    assert likeness("rugged") < likeness("single") - 0.1


def test_the_highest_peak_is_at_a_config_of_the_sample(make):
    terrain, sample, _ = make(NUMBERS, peaks=1.0)
    values = terrain(sample)
    assert values[0] == values.max()


def test_what_is_switched_off_has_no_effect(make):
    terrain, sample, codec = make(networks(2), single=1.0)
    flat = sample[np.isnan(sample).any(axis=1)]
    config = codec.decode(flat[0])
    assert config["depth"] == 1
    assert terrain(codec.encode([config]))[0] == pytest.approx(terrain(flat[:1])[0])
