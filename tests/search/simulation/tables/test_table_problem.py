"""The target of a search, and the measurements that it may see."""

import numpy as np
import pytest

from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory
from searchspace.errors import UserError

PRICES = parse_prices("weak=1,strong=10")


def laboratory(problem, images, seed=0, ladder="weak_eps1,strong_eps1"):
    return Laboratory(problem, parse_ladder(ladder, images, PRICES), seed)


def test_the_top_of_few_networks_is_the_best_one_that_meets_the_floor(make_problem):
    problem = make_problem(clean=np.r_[np.full(22, 0.9), 0.4, 0.49])
    assert np.flatnonzero(problem.top).tolist() == [21]
    assert problem.best == problem.threshold == pytest.approx(0.01 + 21 * 0.04)


def test_a_tie_for_the_top_belongs_to_it(make_problem):
    values = np.linspace(0.1, 0.9, 24)
    values[20] = values[23]
    assert np.flatnonzero(make_problem(strong_eps1=values).top).tolist() == [20, 23]


def test_a_network_at_the_floor_meets_it(make_problem):
    problem = make_problem(floor=0.9)
    assert problem.eligible.all()
    assert problem.constraints(0) == {"floor": 0.0}
    assert not make_problem(floor=0).constraints(0)


def test_regret(make_problem):
    problem = make_problem(clean=np.r_[np.full(22, 0.9), 0.4, 0.4])
    assert problem.regret(21) == 0
    assert problem.regret(19) == pytest.approx(0.08)
    assert problem.regret(None) == problem.regret(23) == problem.best


def test_a_floor_that_nobody_meets(make_problem):
    with pytest.raises(UserError, match=r"0.95 or more: the highest is 0.9, lower --floor"):
        make_problem(floor=0.95)


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
