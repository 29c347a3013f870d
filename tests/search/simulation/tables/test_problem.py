"""What a search may measure."""

import numpy as np
import pytest

from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory

PRICES = parse_prices("weak=1,strong=10")


def laboratory(problem, images, seed=0, ladder="weak_eps1,strong_eps1"):
    return Laboratory(problem, parse_ladder(ladder, images, PRICES), seed)


def test_only_what_is_paid_for_is_seen(make_problem):
    instrument = laboratory(make_problem(), "all,all")
    assert instrument.measure(3, 0) == {"clean": 0.9, "weak_eps1": pytest.approx(0.13)}
    assert instrument.measure(3, 1).keys() == {"clean", "weak_eps1", "strong_eps1"}


def test_fewer_images_add_binomial_noise(make_problem):
    problem = make_problem(weak_eps1=np.full(24, 0.3))
    accuracies = np.array(
        [
            laboratory(problem, "100,all", seed).measure(row, 0)["weak_eps1"]
            for seed in range(100)
            for row in range(24)
        ]
    )
    deviation = np.sqrt(0.3 * 0.7 / 100)
    assert abs(accuracies.mean() - 0.3) < 4 * deviation / np.sqrt(2400)
    assert abs(accuracies.std() / deviation - 1) < 4 / np.sqrt(2 * 2400)
    assert np.allclose(accuracies * 100, np.round(accuracies * 100))


def test_measuring_again_shows_the_same(make_problem):
    instrument = laboratory(make_problem(), "100,100", seed=5)
    assert instrument.measure(12, 0)["weak_eps1"] == instrument.measure(12, 1)["weak_eps1"]
    repeats = {
        laboratory(make_problem(), "100", seed, "weak_eps1").measure(12, 0)["weak_eps1"]
        for seed in range(9)
    }
    assert len(repeats) > 1


def test_a_higher_rung_replaces_what_a_lower_one_saw_of_the_same_metric(make_problem):
    instrument = laboratory(make_problem(), "10,all", ladder="strong_eps1,strong_eps1")
    assert instrument.measure(12, 1)["strong_eps1"] == pytest.approx(0.01 + 12 * 0.04)
