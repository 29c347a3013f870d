"""Running a suite, and taking it up again."""

from types import SimpleNamespace

import pytest

from search.simulation.landscapes import landscape
from search.simulation.landscapes.landscape import Landscape
from search.simulation.landscapes.spaces import MIXED
from search.simulation.suite.results import ResultFile
from search.simulation.suite.run import Suite, run, shortfall
from search.simulation.suite.summary import collect, regret
from search.simulation.suite.tasks import ADDITIVE, Task
from searchspace.errors import UserError


def test_only_what_the_file_lacks_is_searched(make_suite, tmp_path):
    path = tmp_path / "r.jsonl"
    results = list(run(make_suite(searches=2), ResultFile(path)))
    assert len(results) == 2 * 2 * 2
    assert len({result.key for result in results}) == 8
    more = list(run(make_suite(searches=3), ResultFile(path)))
    assert len(more) == 2 * 2
    assert not list(run(make_suite(searches=3), ResultFile(path)))


def test_a_search_is_a_function_of_its_seed(make_suite, tmp_path):
    first, second = (
        [(r.regret, r.success, r.infeasible) for r in run(make_suite(), ResultFile(tmp_path / n))]
        for n in ("a.jsonl", "b.jsonl")
    )
    assert first == second


def test_peers_pay_for_the_target_in_full_and_the_engine_for_a_part(make_suite, tmp_path):
    suite = make_suite(methods=("random", "engine random"), searches=1)
    peer, engine = list(run(suite, ResultFile(tmp_path / "r.jsonl")))[:2]
    assert peer.cost == pytest.approx(suite.trials)
    # PGD on a tenth of the images and clean accuracy for all trials, PGD on all for some.
    assert 8 * (8.1 + 1) / 82 < engine.cost < suite.trials


def test_slow_methods_search_less(make_suite):
    suite = make_suite(methods=("Optuna GP", "engine gp", "random"))
    assert [suite.count(method) for method in suite.methods] == [1, 1, 3]


def test_an_unknown_sampler_is_named_before_anything_is_searched(make_suite, tmp_path):
    suite = make_suite(methods=("random", "engine tpee"))
    with pytest.raises(UserError, match="unknown sampler 'tpee'"):
        next(run(suite, ResultFile(tmp_path / "r.jsonl")))


def test_regret_is_a_share_of_what_lies_above_the_middle(make_problem):
    problem = make_problem()  # targets from 0.01 to 0.93, in the middle 0.47
    assert shortfall(problem, SimpleNamespace(regret=0.0)) == 0.0
    assert shortfall(problem, SimpleNamespace(regret=0.23)) == pytest.approx(0.5)
    assert shortfall(problem, SimpleNamespace(regret=0.93)) == 1.0


def test_bayes_finds_the_best_of_the_few_that_may_win(tmp_path, monkeypatch):
    """A tiny suite: seven in ten networks miss the floor, most of those with the best targets.

    The mean regret is 0.14 for `bayes`, 0.42 for TPE and 0.60 for random draws; 0.68 for a `bayes`
    without its constraints, or without its values, which does not improve on its start-up.
    """
    monkeypatch.setattr(landscape, "SAMPLE", 5000)
    details = {"shape": ADDITIVE, "seed": 2, "conflict": 0.8, "eligible": 0.3}
    problem = Landscape(name="slope", varied=MIXED, **details)
    suite = Suite(
        tasks=[Task("landscape", "slope", "development", lambda: problem)],
        methods=("engine bayes", "engine tpe", "engine random"),
        searches=4,
        slow_searches=1,
        trials=45,
        workers=4,
    )
    file = ResultFile(tmp_path / "r.jsonl")
    list(run(suite, file))
    row = collect(suite, file)["slope"]
    assert regret(row["engine bayes"]) < 0.25
    assert min(regret(row["engine tpe"]), regret(row["engine random"])) > 0.35
