"""Configs as arrays."""

import numpy as np

from search.samplers.model.features import Encoder
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

SPACE = Space(
    "features",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("lr", Float(1e-4, 1.0, log=True), ""),
        Param("depth", Int(1, 4), "", when=When("kind", ("b",))),
        Param("act", Choice(("relu", "elu")), "", when=When("kind", ("b",))),
    ),
)
A = {"kind": "a", "lr": 1e-2}
B = {"kind": "b", "lr": 1.0, "depth": 4, "act": "elu"}
C = {"kind": "b", "lr": 1e-4, "depth": 1, "act": "relu"}


def test_options_are_columns_and_numbers_lie_on_their_scale():
    features = Encoder(SPACE).encode([A, B])
    # kind a, kind b, act relu, act elu
    np.testing.assert_array_equal(features.options, [[1, 0, 0, 0], [0, 1, 0, 1]])
    np.testing.assert_allclose(features.numbers, [[0.5, np.nan], [1.0, 0.875]])
    np.testing.assert_array_equal(features.on, [[1, 0], [1, 1]])


def test_pairs_know_what_is_switched_off():
    encoder = Encoder(SPACE)
    pairs = encoder.encode([A, B]).pairs(encoder.encode([A, B, C]))
    np.testing.assert_allclose(pairs.gaps[0], [[0, 0.5, 0.5], [0.5, 0, 1]])  # lr
    np.testing.assert_allclose(pairs.gaps[1], [[0, 1, 1], [1, 0, 0.75]])  # depth
    np.testing.assert_allclose(pairs.likeness[0], [[1, 0.5, 0.5], [0.5, 1, 0]])
    np.testing.assert_allclose(pairs.likeness[1], [[0, 0, 0], [0, 1, 0.25]])


def test_configs_can_be_joined():
    encoder = Encoder(SPACE)
    union = encoder.encode([A]).append(encoder.encode([B, C]))
    expected = encoder.encode([A, B, C])
    assert len(union) == 3
    np.testing.assert_array_equal(union.options, expected.options)
    np.testing.assert_array_equal(union.numbers, expected.numbers)
