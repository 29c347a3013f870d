"""The target of a search over a table."""

import numpy as np
import pytest

from search.simulation.tables.table_problem import MISSING, TableProblem
from searchspace.errors import UserError


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


def test_how_many_of_the_eligible_beat_a_winner(make_problem):
    problem = make_problem(clean=np.r_[np.full(20, 0.9), np.full(4, 0.4)])
    assert [problem.ahead(row) for row in (19, 14)] == [0, 5 / 20]
    assert problem.ahead(None) == problem.ahead(23) == 1


def test_a_floor_that_nobody_meets(make_problem):
    with pytest.raises(UserError, match=r"0.95 or more: the highest is 0.9, lower --floor"):
        make_problem(floor=0.95)


def test_the_floor_may_be_on_another_metric(make_problem):
    table = make_problem().table
    problem = TableProblem(table, "strong_eps1", 0.5, "weak_eps1")
    assert problem.eligible.sum() == (table.column("weak_eps1") >= 0.5).sum() < 24
    assert problem.constraints(0) == {"floor": pytest.approx(0.49)}
    with pytest.raises(UserError, match=r"has weak_eps1 accuracy of 0.99 or more"):
        TableProblem(table, "strong_eps1", 0.99, "weak_eps1")


def test_what_the_table_lacks_breaks_a_limit(make_problem):
    problem = make_problem()
    assert problem.limits(problem.networks.points[0]) == {}
    assert problem.limits({"a": "w", "b": "p", "c": "7"}) == {MISSING: 1.0}
    assert problem.middle == pytest.approx(0.47)
    assert problem.arch(0) == "a=w,b=p,c=0"
