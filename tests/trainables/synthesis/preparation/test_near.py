"""Volumes that are one head under two names, whatever was done to the copy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from trainables.data.phantoms.heads import phantom_subjects
from trainables.synthesis.preparation import near as module
from trainables.synthesis.preparation.near import ALIKE, DEPTH, SIDE, look_of, near_pairs


@pytest.fixture(scope="module")
def heads():
    return {head.name: head.load().mr for head in phantom_subjects(12, 48, 3, 256.0, 0)}


def one_voxel(values):
    changed = values.copy()
    changed[20, 20, 1] += 1
    return changed


CHANGES = {
    "one voxel": one_voxel,
    "noise of 1 %": lambda values: (
        values + 0.01 * np.ptp(values) * np.random.default_rng(0).normal(size=values.shape)
    ),
    "another scale": lambda values: 4000 * values + 17,
    "a stronger contrast": lambda values: (values - values.min()) ** 1.2,
    "another grid": lambda values: np.repeat(values, 2, axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_near_its_head_and_no_other(heads, change):
    name = "p004"
    copy = CHANGES[change](heads[name]).astype(np.float32)
    looks = {head: look_of(values) for head, values in heads.items()} | {"copy": look_of(copy)}
    (pair,) = near_pairs(looks)
    assert pair.names == (name, "copy")
    assert ALIKE <= pair.correlation <= 1 + 1e-6


def test_every_pair_is_found_once_however_many_are_compared_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 3)
    generator = np.random.default_rng(0)
    looks = {str(n): look_of(generator.random((40, 40, 2), dtype=np.float32)) for n in range(8)}
    looks |= {f"{n} again": looks[str(n)] for n in (0, 5)}
    pairs = {pair.names for pair in near_pairs(looks)}
    assert pairs == {("0", "0 again"), ("5", "5 again")}


def test_a_look_holds_the_means_of_blocks_without_their_mean_and_length():
    values = np.random.default_rng(0).random((2 * SIDE, SIDE, 3 * DEPTH), dtype=np.float32)
    means = values.reshape(SIDE, 2, SIDE, DEPTH, 3).mean(axis=(1, 4)).ravel()
    centred = means - means.mean()
    assert_allclose(look_of(values), centred / np.linalg.norm(centred), atol=1e-6)


@pytest.mark.parametrize(
    "values", [np.ones((40, 40, 2)), np.random.default_rng(0).random((8,) * 3)]
)
def test_what_shows_no_head_is_near_nothing(values):
    look = look_of(values.astype(np.float32))
    assert look is None
    assert list(near_pairs({"a": look, "b": look})) == []
