"""The kernel distance: 0 for one distribution, a closed form for Gaussians, and its interval."""

import math
from itertools import permutations, product

import numpy as np
import pytest

from trainables.metrics.generated.kernel_distance import kernel_distance


def kernel(first, second):
    return (first @ second / len(first) + 1) ** 3


def by_pairs(points, reference):
    """Compute the unbiased estimate pair by pair."""
    within = [
        np.mean([kernel(first, second) for first, second in permutations(sample, 2)])
        for sample in (points, reference)
    ]
    return sum(within) - 2 * np.mean([kernel(*pair) for pair in product(points, reference)])


def test_it_is_the_mean_over_pairs_and_its_width_that_of_leaving_out_one():
    rng = np.random.default_rng(0)
    points, reference = rng.normal(size=(5, 2)), rng.normal(1, 1, size=(4, 2))
    result = kernel_distance(points, reference)
    assert result.value == pytest.approx(by_pairs(points, reference))
    variance = 0.0
    for number, sample in enumerate((points, reference)):
        values = []
        for row in range(len(sample)):
            parts = [points, reference]
            parts[number] = np.delete(sample, row, axis=0)
            values.append(by_pairs(*parts))
        variance += (len(sample) - 1) * np.var(values)
    t = 3.182446305284263  # of 3 degrees of freedom
    assert result.high - result.value == pytest.approx(t * math.sqrt(variance))
    assert result.value - result.low == pytest.approx(t * math.sqrt(variance))


def test_two_samples_of_one_distribution_are_at_zero_on_average_and_inside_the_interval():
    rng = np.random.default_rng(1)
    results = [
        kernel_distance(rng.normal(size=(60, 6)), rng.normal(size=(40, 6))) for _ in range(200)
    ]
    values = np.array([result.value for result in results])
    assert abs(values.mean()) < 2 * values.std() / math.sqrt(200)
    assert np.mean([result.low <= 0 <= result.high for result in results]) >= 0.95


def test_the_interval_of_two_gaussians_holds_their_closed_form():
    """In one dimension (uv + 1)^3 has the moments E(uv)^3 + 3 E(uv)^2 + 3 E(uv) + 1."""

    def mean_kernel(first, second):
        return sum(
            weight * first[power] * second[power] for power, weight in enumerate((1, 3, 3, 1))
        )

    def moments(mean):  # of a Gaussian with deviation 1, from the power 0
        return 1, mean, mean**2 + 1, mean**3 + 3 * mean

    near, far = moments(0.0), moments(0.5)
    truth = mean_kernel(near, near) + mean_kernel(far, far) - 2 * mean_kernel(near, far)
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(100):
        result = kernel_distance(rng.normal(0.5, 1, (80, 1)), rng.normal(0, 1, (80, 1)))
        hits += result.low <= truth <= result.high
    assert hits >= 85  # skew at 80 points: close to 95


def test_of_two_points_there_is_none():
    assert math.isnan(kernel_distance(np.ones((2, 3)), np.ones((9, 3))).value)
