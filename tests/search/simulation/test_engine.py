"""The real engine in virtual time, where all answers are known."""

import numpy as np
import pytest

from search.engine.trial import State
from search.simulation.engine import Engine
from search.simulation.executor import Effort, VirtualClock, execute
from search.simulation.tables.generate import generate
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory
from search.simulation.tables.table_problem import TableProblem
from searchspace.errors import UserError

PRICES = parse_prices("weak=1,strong=10")


@pytest.fixture
def run():
    def runner(
        problem, ladder="weak_eps1,strong_eps1", images="all,all", sampler="random", **changes
    ):
        effort = Effort(**{"trials": 60, "workers": 4, "scheduler": "fifo", "seed": 0} | changes)
        ladder, clock = parse_ladder(ladder, images, PRICES), VirtualClock()
        engine = Engine(problem, ladder, sampler, effort, clock)
        shift = execute(engine, Laboratory(problem, ladder, effort.seed), effort.workers, clock)
        return engine, shift

    return runner


class Repeats:
    """Observes which points are answered from the record."""

    def __init__(self):
        self.points = []

    def notice(self, event, trial, **details):
        if event == "known":
            self.points.append(details["point"])


def rows_at(shift, rung):
    return [e.row for e in shift.evaluations if e.rung == rung]


def test_tries_every_network_once_and_hands_over_the_best_that_meets_the_floor(make_problem, run):
    problem = make_problem(clean=np.r_[np.full(22, 0.9), 0.4, 0.4])
    engine, shift = run(problem)
    assert sorted(rows_at(shift, 0)) == sorted(rows_at(shift, 1)) == list(range(24))
    assert engine.winner == 21
    assert engine.repeats > 0
    assert engine.propose() is None


def test_no_winner_if_no_measured_network_meets_the_floor(make_problem, run):
    problem = make_problem(clean=np.r_[np.full(23, 0.4), 0.9])
    engine, shift = run(problem, trials=2)
    assert 23 not in rows_at(shift, 0)
    assert engine.winner is None


def test_asha_lets_a_third_go_on_to_the_last_rung(make_problem, run):
    _, unstopped = run(make_problem())
    engine, shift = run(make_problem(), scheduler="asha")
    promoted = rows_at(shift, 1)
    assert len(rows_at(shift, 0)) == 24
    assert 0 < len(promoted) < 16
    assert np.mean(promoted) > 11.5
    assert shift.cost == 24 * 2 * 10_000 + len(promoted) * 100_000 < unstopped.cost
    states = {trial.state for trial in engine._coordinator.trials.values()}
    assert states == {State.COMPLETED, State.PRUNED}


def test_a_rung_is_ranked_by_its_own_metric(make_problem, run):
    problem = make_problem(weak_eps1=np.linspace(0.93, 0.01, 24))  # the opposite of the target
    _, shift = run(problem, scheduler="asha")
    late = rows_at(shift, 0)[8:]
    promoted = set(rows_at(shift, 1)) & set(late)
    stopped = set(late) - promoted
    assert promoted
    assert np.mean([*promoted]) < np.mean([*stopped]) - 6  # rows that the rung likes come first


def test_a_search_by_the_weak_attack_hands_over_what_that_likes(make_problem, run):
    problem = make_problem(weak_eps1=np.linspace(0.93, 0.01, 24))
    engine, _ = run(problem, ladder="weak_eps1", images=None)
    assert engine.winner == 0


def test_a_cell_is_recognised_in_any_encoding():
    problem = TableProblem(generate(0), "pgd_eps1", 0.0)
    ladder, clock = parse_ladder("pgd_eps1", None, parse_prices("")), VirtualClock()
    engine = Engine(problem, ladder, "random", Effort(300, 4, "fifo", 0), clock)
    log = Repeats()
    engine._coordinator.observers.append(log)
    rows = rows_at(execute(engine, Laboratory(problem, ladder, 0), 4, clock), 0)
    assert len(rows) == len(set(rows)) == 300
    assert engine.repeats == len(log.points)
    points = [trial.point for trial in engine._coordinator.trials.values()]
    assert any(point not in points for point in log.points)  # written in another way
    assert all(problem.networks.row(point) in rows for point in log.points)


def test_what_the_table_lacks_is_refused_and_costs_nothing(make_problem, run):
    full = make_problem()
    keep = [row for row in range(24) if row not in {0, 5, 23}]
    table = type(full.table)(
        "toy",
        tuple(full.table.archs[row] for row in keep),
        {name: column[keep] for name, column in full.table.columns.items()},
    )
    engine, shift = run(TableProblem(table, "strong_eps1", 0.5), ladder="strong_eps1", images=None)
    assert sorted(rows_at(shift, 0)) == list(range(21))
    assert engine.winner == 20


@pytest.mark.parametrize("sampler", ["tpe", "hyperopt"])
def test_the_same_seed_gives_the_same_search(make_problem, run, sampler):
    searches = [run(make_problem(), sampler=sampler, trials=15, seed=s)[1] for s in (3, 3, 4)]
    assert searches[0] == searches[1] != searches[2]


def test_unknown_scheduler(make_problem, run):
    with pytest.raises(UserError, match="unknown scheduler 'ashe': did you mean asha"):
        run(make_problem(), scheduler="ashe")
