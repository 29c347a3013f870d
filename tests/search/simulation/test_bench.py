"""Many searches: every method with every seed."""

from dataclasses import replace

import pytest

from search.simulation.bench import Setup, open_problem, search, search_all
from search.simulation.tables.ladder import parse_ladder, parse_prices
from searchspace.errors import UserError

PRICES = parse_prices("strong=10")


@pytest.fixture
def setup(make_problem, write_table, tmp_path):
    return Setup(
        table=str(write_table(make_problem().table, tmp_path / "toy.csv")),
        target="strong_eps1",
        floor=0.5,
        ladder=parse_ladder("strong_eps1", "100", PRICES),
        prices=PRICES,
        samplers=("random",),
        scheduler="fifo",
        trials=4,
        workers=2,
        seeds=2,
        seed=7,
    )


def test_methods_are_the_engine_with_each_sampler_then_the_peers(setup):
    setup = replace(setup, samplers=("tpe", "bayes"))
    assert setup.methods == ("engine tpe", "engine bayes", "Optuna TPE", "Hyperopt TPE", "random")


def test_a_method_is_searched_by_its_name(setup):
    engine, peer = search(setup, "engine random", 3), search(setup, "random", 3)
    assert (engine.method, peer.method) == ("engine random", "random")
    assert engine.cost < peer.cost == 4 * 11 * 10_000  # 100 images there, all here


def test_a_sampler_of_the_users_own_is_a_method(setup, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from search.samplers.whole_config import RandomSampler as Mine\n")
    name = f"{file}:Mine"
    assert search(replace(setup, samplers=(name,)), f"engine {name}", 3).trials == 4
    with pytest.raises(UserError, match=r"unknown attribute of .* 'Nine': did you mean Mine"):
        open_problem(replace(setup, samplers=(f"{file}:Nine",)))


def test_processes_change_nothing(setup):
    outcomes = list(search_all(setup, 1))
    assert [outcome.seed for outcome in outcomes] == [7] * 4 + [8] * 4
    assert list(search_all(setup, 2)) == outcomes


def test_the_generated_table_needs_no_file(setup):
    ladder = parse_ladder("pgd_eps1,apgd_ce_eps1", None, PRICES)
    setup = replace(
        setup, table="generated", target="apgd_ce_eps1", ladder=ladder, trials=8, seeds=1
    )
    assert [outcome.trials for outcome in search_all(setup, 1)] == [8] * 4


def test_a_missing_table_names_the_one_that_is_made_here(setup):
    with pytest.raises(UserError, match="there is no table nosuch: name a CSV file, or generated"):
        open_problem(replace(setup, table="nosuch"))
