"""A landscape as a problem of a search."""

import numpy as np
import pytest

from search.simulation.executor import Effort
from search.simulation.landscapes import landscape
from search.simulation.landscapes.landscape import SIZE, TARGET, Landscape
from search.simulation.landscapes.spaces import CHOICES, NUMBERS, networks
from search.simulation.landscapes.terrain import Shape
from search.simulation.outcome import run_engine
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.table import CLEAN
from searchspace import random as to_random


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setattr(landscape, "SAMPLE", 5000)

    def build(space=CHOICES, **changes):
        details = {"name": "toy", "shape": Shape(single=1.0, pairs=0.5), "seed": 0}
        return Landscape(varied=space, **details | changes)

    return build


def draw(problem, count):
    generator = np.random.default_rng(7)
    return [to_random.sample(problem.space, generator) for _ in range(count)]


def test_as_many_meet_floor_and_limit_as_it_says(make):
    problem = make(networks(3), eligible=0.2, within=0.6)
    points = draw(problem, 1500)
    rows = [problem.row(point) for point in points]
    assert np.mean([problem.is_eligible(row) for row in rows]) == pytest.approx(0.2, abs=0.05)
    assert np.mean([problem.limits(p)[SIZE] <= 0 for p in points]) == pytest.approx(0.6, abs=0.05)


def test_no_floor_and_no_limit(make):
    problem = make()
    (point,) = draw(problem, 1)
    assert problem.limits(point) == {}
    assert problem.constraints(problem.row(point)) == {}


def test_a_limit_is_on_the_size(make):
    problem = make(networks(2), within=0.5)
    small = {"depth": 1}
    for side in ("enc1", "dec1"):
        small |= {f"{side}_pattern": "a", f"{side}_filters": 3, f"{side}_ratio": 0}
    large = small | {"enc1_filters": 6}
    assert problem.limits(small)[SIZE] < problem.limits(large)[SIZE]


def test_conflict_puts_the_best_targets_below_the_floor(make):
    """The share of the eligible among the best 5 % by target falls with the conflict."""

    def share(conflict):
        problem = make(conflict=conflict, eligible=0.3)
        rows = sorted(
            map(problem.row, draw(problem, 1000)), key=lambda r: problem.metrics(r)[TARGET]
        )
        return np.mean([problem.is_eligible(row) for row in rows[-50:]])

    assert share(0.0) > 0.15
    assert share(0.9) < 0.02


def test_the_best_is_as_good_as_the_sample_and_a_point_found_twice_is_one(make):
    problem = make(eligible=0.5, conflict=0.5)
    rows = [problem.row(point) for point in draw(problem, 2000)]
    eligible = [row for row in rows if problem.is_eligible(row)]
    targets = np.array([problem.metrics(row)[TARGET] for row in eligible])
    assert problem.middle == pytest.approx(np.median(targets), abs=0.02)
    assert problem.best >= targets.max() - 1e-12
    assert np.mean([problem.is_top(row) for row in eligible]) < 0.005
    sample = [problem.row(problem._codec.decode(codes)) for codes in problem._allowed]
    assert 0 < np.mean([problem.is_top(row) for row in sample]) <= 0.002
    assert problem.row(problem._points[rows[0]]) == rows[0]
    assert problem.arch(rows[0]).startswith("a=")
    assert 0 < problem.metrics(rows[0])[CLEAN] < 1
    assert problem.regret(eligible[0]) == pytest.approx(problem.best - targets[0])


def test_how_many_of_the_eligible_sample_beat_a_winner(make):
    problem = make(eligible=0.5)
    rows = [problem.row(point) for point in draw(problem, 400)]
    eligible = [row for row in rows if problem.is_eligible(row)]
    shares = sorted(problem.ahead(row) for row in eligible)
    assert shares[0] < 0.02
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)  # draws of the same kind as the sample
    assert problem.ahead(next(row for row in rows if row not in eligible)) == 1


def test_the_engine_searches_it(make):
    problem = make(NUMBERS, eligible=0.5, conflict=0.5)
    ladder = parse_ladder(f"{TARGET},{TARGET}", None, parse_prices(""))
    outcome = run_engine(problem, ladder, "evolution", Effort(60, 4, "asha", 0))
    assert outcome.trials == 60
    assert 0 < outcome.infeasible < 60
    assert 0 <= outcome.regret < problem.best - problem.middle


def test_the_engine_measures_nothing_beyond_the_limit(make):
    problem = make(networks(2), within=0.3)
    ladder = parse_ladder(TARGET, None, parse_prices(""))
    run_engine(problem, ladder, "random", Effort(30, 4, "asha", 0))
    assert all(problem.limits(point)[SIZE] <= 0 for point in problem._points.values())
