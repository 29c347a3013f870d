"""From a search to its numbers."""

import math

import numpy as np
import pytest

from search.simulation.executor import Effort
from search.simulation.study import run_engine, run_peer
from search.simulation.tables.ladder import parse_ladder, parse_prices

PRICES = parse_prices("weak=1,strong=10")
LADDER = parse_ladder("weak_eps1,strong_eps1", "all,all", PRICES)


def test_a_search_that_tries_everything(make_problem):
    problem = make_problem(clean=np.r_[np.full(22, 0.9), 0.4, 0.4])
    found = run_engine(problem, LADDER, "random", Effort(60, 4, "fifo", 0))
    assert (found.method, found.seed, found.arch) == ("engine random", 0, "a=z,b=q,c=1")
    assert (found.success, found.regret) == (True, 0)
    assert found.cost == 24 * (2 + 10) * 10_000
    assert 0 < found.cost_to_top <= found.cost
    assert (found.trials, found.last_rung, found.infeasible) == (24, 24, 2)
    assert found.known > 0
    assert 0.9 < found.utilisation <= 1


def test_a_search_that_never_sees_the_top(make_problem):
    found = run_engine(make_problem(), LADDER, "random", Effort(1, 1, "fifo", 0))
    assert not found.success
    assert found.regret > 0
    assert math.isinf(found.cost_to_top)


def test_the_first_rung_does_not_count_as_reaching_the_top(make_problem):
    # the weak attack likes the best least: it is measured at the first rung and stopped there
    problem = make_problem(weak_eps1=np.linspace(0.93, 0.01, 24))
    found = run_engine(problem, LADDER, "random", Effort(60, 1, "asha", 1))
    assert found.trials == 24
    assert math.isinf(found.cost_to_top)
    assert not found.success


def test_a_search_that_finds_nothing_eligible(make_problem):
    problem = make_problem(clean=np.r_[np.full(23, 0.1), 0.9])
    found = run_peer(problem, PRICES, "random", Effort(2, 1, "fifo", 0))
    assert found.arch == ""
    assert found.infeasible == found.trials == 2
    assert (found.success, found.regret) == (False, problem.best)


def test_a_peer(make_problem):
    problem = make_problem()
    found = run_peer(problem, PRICES, "Optuna TPE", Effort(100, 8, "fifo", 0))
    assert found.success
    assert found.cost == 100 * 11 * 10_000
    assert found.known == pytest.approx(100 - 24, abs=12)
    assert found.cost_to_top < found.cost
