"""Dead dimensions decide nothing."""

import numpy as np
import pytest

from trainables.metrics.generated.features import Standardiser
from trainables.metrics.generated.kernel_distance import kernel_distance

RNG = np.random.default_rng(0)


def test_living_dimensions_have_mean_zero_and_deviation_one():
    features = RNG.normal(3, [1.0, 5.0, 0.5], (200, 3))
    scaled = Standardiser.of(features)(features)
    assert np.allclose(scaled.mean(axis=0), 0)
    assert np.allclose(scaled.std(axis=0), 1)


def test_dead_dimensions_are_dropped():
    features = RNG.normal(size=(200, 4))
    features[:, 1] = 7.0
    features[:, 2] *= 1e-5
    standardise = Standardiser.of(features)
    assert standardise.alive.tolist() == [True, False, False, True]
    assert standardise(features[:5]).shape == (5, 2)


def test_without_that_one_dead_unit_decides_the_kernel_distance():
    train, points = RNG.normal(size=(100, 5)), RNG.normal(size=(100, 5))
    train[:, 0], points[:, 0] = 0.0, 0.0
    train[0, 0] = 1e-6
    points[0, 0] = 1.0
    standardise = Standardiser.of(train)
    assert abs(kernel_distance(standardise(points), standardise(train)).value) < 1
    scaled = [(part - train.mean(axis=0)) / train.std(axis=0) for part in (points, train)]
    assert abs(scaled[0]).max() > 1e6


def test_equal_images_have_no_features():
    with pytest.raises(ValueError, match="the same"):
        Standardiser.of(np.ones((4, 3)))
