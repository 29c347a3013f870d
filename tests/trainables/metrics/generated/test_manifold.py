"""Precision, recall, density and coverage of points in the plane, counted by hand and by loops."""

import math

import numpy as np
import pytest

from trainables.metrics.generated.manifold import compare_manifolds, squared_distances

REAL = np.array([[0, 0], [1, 0], [0, 1], [1.2, 1.1], [3, 3], [3.5, 3], [3, 3.6], [6, 0]])
FAKE = np.array([[0.4, 0.3], [0.9, 0.9], [3.2, 3.1], [3.1, 3.3], [8, 8], [2, 2.1]])


def numbers(real, fake, k=2):
    result = compare_manifolds(np.array(real, float), np.array(fake, float), k)
    return tuple(interval.value for interval in vars(result).values())


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [
        (REAL, FAKE, (2 / 3, 0.875, 7 / 6, 1)),
        (REAL, REAL, (1, 1, 0.9375, 1)),  # below 1 as two distances tie
        (np.repeat(REAL, 2, axis=0), np.repeat(REAL, 2, axis=0), (1, 1, 1, 1)),
        (REAL, np.tile(FAKE[0], (6, 1)), (1, 0, 2, 0.5)),  # collapsed
        (np.repeat([[0, 0], [1, 0]], 4, axis=0), FAKE, (0, 1, 0, 0)),
    ],
)
def test_known_answers(real, fake, expected):
    assert numbers(real, fake) == pytest.approx(expected, abs=1e-9)


def test_it_is_what_the_definitions_say():
    rng = np.random.default_rng(0)
    real, fake, k = rng.normal(size=(30, 4)), rng.normal(0.3, 0.7, (20, 4)), 3

    def radius(points, row):
        reference = np.delete(points, row, axis=0)
        return np.sort(np.linalg.norm(reference - points[row], axis=1))[k - 1]

    balls = [radius(real, row) for row in range(30)]
    radii = [radius(fake, row) for row in range(20)]
    inside = np.array(
        [[np.linalg.norm(f - r) < b for f in fake] for r, b in zip(real, balls, strict=True)]
    )
    back = np.array(
        [[np.linalg.norm(f - r) < b for r in real] for f, b in zip(fake, radii, strict=True)]
    )
    expected = (
        inside.any(axis=0).mean(),
        back.any(axis=0).mean(),
        inside.sum() / (k * 20),
        inside.any(axis=1).mean(),
    )
    assert numbers(real, fake, k) == pytest.approx(expected)


def test_values_lie_in_their_intervals():
    rng = np.random.default_rng(0)
    result = compare_manifolds(rng.normal(size=(40, 3)), rng.normal(size=(50, 3)))
    for interval in vars(result).values():
        assert 0 <= interval.low <= interval.value <= interval.high + 1e-9
        assert interval.high > interval.low


def test_sets_of_as_many_points_as_neighbours_have_no_balls():
    assert all(math.isnan(value) for value in numbers(REAL[:2], FAKE))


def test_large_sets_are_measured_as_small_ones_are():
    rng = np.random.default_rng(0)
    points, reference = rng.normal(size=(700, 40)), rng.normal(size=(90, 40))
    assert np.allclose(
        squared_distances(points, reference)[:50],
        squared_distances(points[:50], reference),
        atol=1e-9,
    )
