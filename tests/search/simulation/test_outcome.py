"""From a search to its numbers."""

import math

import numpy as np
import pytest

from search.simulation.executor import Effort
from search.simulation.outcome import run_engine, run_peer
from search.simulation.tables.ladder import parse_ladder, parse_prices

PRICES = parse_prices("weak=1,strong=10")
LADDER = parse_ladder("weak_eps1,strong_eps1", "all,all", PRICES)


def test_a_search_that_tries_everything(make_problem):
    problem = make_problem(clean=np.r_[np.full(22, 0.9), 0.4, 0.4])
    outcome = run_engine(problem, LADDER, "random", Effort(60, 4, "fifo", 0))
    assert (outcome.method, outcome.seed, outcome.arch) == ("engine random", 0, "a=z,b=q,c=1")
    assert (outcome.success, outcome.regret, outcome.ahead) == (True, 0, 0)
    assert outcome.cost == 24 * (2 + 10) * 10_000
    assert 0 < outcome.cost_to_top <= outcome.cost
    assert (outcome.trials, outcome.last_rung, outcome.infeasible) == (24, 24, 2)
    assert outcome.known > 0
    assert 0.9 < outcome.utilisation <= 1


def test_a_search_that_never_sees_the_top(make_problem):
    outcome = run_engine(make_problem(), LADDER, "random", Effort(1, 1, "fifo", 0))
    assert not outcome.success
    assert outcome.regret > 0
    assert math.isinf(outcome.cost_to_top)


def test_the_first_rung_does_not_count_as_reaching_the_top(make_problem):
    # the weak attack likes the best least: it is measured at the first rung and stopped there
    problem = make_problem(weak_eps1=np.linspace(0.93, 0.01, 24))
    outcome = run_engine(problem, LADDER, "random", Effort(60, 1, "asha", 1))
    assert outcome.trials == 24
    assert math.isinf(outcome.cost_to_top)
    assert not outcome.success


def test_a_search_that_finds_nothing_eligible(make_problem):
    problem = make_problem(clean=np.r_[np.full(23, 0.1), 0.9])
    outcome = run_peer(problem, PRICES, "random", Effort(2, 1, "fifo", 0))
    assert outcome.arch == ""
    assert outcome.infeasible == outcome.trials == 2
    assert (outcome.success, outcome.regret) == (False, problem.best)


def test_a_peer(make_problem):
    problem = make_problem()
    outcome = run_peer(problem, PRICES, "Optuna TPE", Effort(100, 8, "fifo", 0))
    assert outcome.success
    assert outcome.cost == 100 * 11 * 10_000
    assert outcome.known == pytest.approx(100 - 24, abs=12)
    assert outcome.cost_to_top < outcome.cost
