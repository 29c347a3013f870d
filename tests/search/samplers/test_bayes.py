"""Bayesian optimisation beyond the contract of all samplers: what it learns from, and how."""

from statistics import mean

import numpy as np
import optuna
import pytest
from rich.console import Console
from threadpoolctl import threadpool_info, threadpool_limits

from search.engine.optuna_record import OptunaRecord
from search.run.runner import replay
from search.samplers import bayes
from search.samplers.model.gaussian_process import most_likely
from search.samplers.registry import sampler_maker
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When
from searchspace.studies import robmednas

CELLS = Space("cells", tuple(Param(name, Choice(tuple("abcd")), "") for name in "uvwx"))
TREE = Space(
    "tree",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("x", Float(0.0, 1.0), ""),
        Param("n", Int(0, 9), "", when=When("kind", ("b",))),
    ),
)


@pytest.fixture
def make():
    def build(space, seed=0, startup=10, sampler="bayes"):
        storage = optuna.storages.InMemoryStorage()
        return OptunaRecord(
            storage, "b", space, "max", sampler_maker(sampler, space, seed, startup)
        )

    return build


def test_numbers_are_tuned_finely(make):
    record = make(TREE)
    for number in range(40):
        config = record.ask(str(number))
        value = -abs(config["x"] - 0.377) - (0.2 if config["kind"] == "a" else config["n"] / 90)
        record.complete(str(number), value, {})
    assert record.study.best_value > -0.02


def test_it_learns_from_trials_that_were_stopped(make):
    """Only the first rung is ever seen, which says that d is good."""
    late = []
    for seed in range(3):
        record = make(CELLS, seed)
        for number in range(24):
            config = record.ask(str(number))
            record.report(str(number), float(list(config.values()).count("d")), 0)
            record.prune(str(number), {})
            if number >= 14:
                late.append(list(config.values()).count("d"))
    assert mean(late) > 2.2  # 1 by chance; the few with 3 and 4 are soon known


def test_running_trials_spread_proposals(make):
    record = make(TREE)
    for number in range(15):
        config = record.ask(str(number))
        record.complete(str(number), -abs(config["x"] - 0.5), {})
    running = [record.ask(f"r{number}")["x"] for number in range(6)]
    assert np.min(np.diff(sorted(running))) > 1e-4


def test_it_finds_the_best_of_the_few_that_meet_a_constraint(make):
    """One of 16 configs meets the floor, and those that miss it seem better."""
    scores = []
    for seed in range(3):
        record = make(CELLS, seed)
        for number in range(45):
            config = record.ask(str(number))
            good = sum("abcd".index(config[name]) for name in "wx")
            misses = sum(config[name] != "a" for name in "uv")
            if not misses:
                scores.append(good)
            record.complete(str(number), good + 5.0 * misses, {"floor": 0.3 * misses - 0.1})
    assert scores.count(6) >= 2  # of 3: in 45 random draws one of them would have it


def test_a_proposal_depends_on_nothing_that_is_kept_in_memory(make):
    def search(clear):
        record, configs = make(TREE, startup=4), []
        for number in range(14):
            if clear:
                most_likely.cache_clear()
            configs.append(record.ask(str(number)))
            record.complete(str(number), configs[-1]["x"], {"floor": configs[-1]["x"] - 0.8})
        return configs

    assert search(clear=True) == search(clear=False)


def test_a_run_is_extended_and_replayed(run_toy, take_up, toy):
    _, folder, _ = run_toy(trials=12, sampler="bayes")
    most_likely.cache_clear()
    assert take_up(folder, trials=16)[0] == 0
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


def test_it_knows_its_way_in_a_deep_space(make):
    """Most of 25 parameters depend on the depth; some filters and patterns matter at each level."""

    def value(config):
        return sum(
            (config[f"enc{level}_pattern"][0] == "1")
            - 0.3 * abs(config[f"dec{level}_log2_filters"] - 6)
            for level in range(1, config["depth"] + 1)
        )

    space, late = robmednas.space(max_depth=4), {}
    for sampler in ("bayes", "random"):
        values = []
        for seed in range(2):
            record = make(space, seed, sampler=sampler)
            for number in range(36):
                config = record.ask(str(number))
                assert space.contains(config)
                values.append(value(config))
                record.complete(str(number), values[-1], {})
        late[sampler] = mean(values[24:36] + values[60:])
    assert late["bayes"] > late["random"] + 1.0


def test_a_proposal_is_computed_on_one_thread(make, monkeypatch):
    """And afterwards as many are allowed as before."""
    threads = []

    def watch(*arguments):
        threads.append([pool["num_threads"] for pool in pools()])
        return best_candidate(*arguments)

    def pools():
        return [pool for pool in threadpool_info() if pool["user_api"] == "blas"]

    best_candidate = bayes.best_candidate
    monkeypatch.setattr(bayes, "best_candidate", watch)
    record = make(CELLS, startup=2)
    with threadpool_limits(2, user_api="blas"):
        before = pools()
        for number in range(4):
            record.ask(str(number))
            record.complete(str(number), float(number), {})
        assert pools() == before
    assert len(threads) == 2
    assert {count for counts in threads for count in counts} == {1}


def test_two_models_take_turns_where_some_trials_may_not_win(make, monkeypatch):
    """Of 20 trials half miss the floor: one model learns from all, the other from ten."""
    sizes = []

    def watch(data, early):
        sizes.append(len(data.features))
        return posterior(data, early)

    posterior = bayes._posterior
    monkeypatch.setattr(bayes, "_posterior", watch)
    record = make(CELLS, startup=20)
    for number in range(22):
        record.ask(str(number))
        record.complete(str(number), float(number), {"floor": 1.0 if number % 2 else -1.0})
    assert sizes == [20, 20, 21, 11]  # of the constraint and of the objective, twice
