"""What every sampler must do: each one of the table is put through the whole suite."""

from dataclasses import replace
from statistics import mean

import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.plan import startup_trials
from search.samplers.registry import SAMPLERS, sampler_maker
from search.samplers.whole_config import SamplerOptions
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

SPACE = Space(
    "contract",
    (
        Param("x", Float(-1.0, 1.0), ""),
        Param("lr", Float(1e-4, 1.0, log=True), ""),
        Param("kind", Choice(("a", "b", "c")), ""),
        Param("depth", Int(1, 9, log=True), ""),
        Param("share", Float(0.0, 1.0), "", when=When("kind", ("a", "b"))),
    ),
)
SLOW = "gp"  # a tenth of a second a proposal


def marked(names):
    return [pytest.param(n, marks=pytest.mark.slow) if n == SLOW else n for n in sorted(names)]


MODELS = marked(set(SAMPLERS) - {"random"})


def seeds(name):
    return range(1 if name == SLOW else 4)


@pytest.fixture(params=marked(SAMPLERS))
def sampler(request):
    return request.param


@pytest.fixture
def make():
    def build(sampler, seed=0, startup=5, direction="max"):
        storage = optuna.storages.InMemoryStorage()
        made_anew = sampler_maker(sampler, SPACE, seed, startup)
        return OptunaRecord(storage, "contract", SPACE, direction, made_anew)

    return build


def quality(config):
    return -((config["x"] - 0.3) ** 2) - {"a": 0.5, "b": 0.0, "c": 1.0}[config["kind"]]


def ask(record, trial_id):
    return record.ask(trial_id)


def search(record, trials, ends="completed"):
    """Run trials that end in one way, or in turn in every way, and return their configs."""
    configs = []
    for number in range(trials):
        trial_id = f"t{number}"
        config = ask(record, trial_id)
        configs.append(config)
        turn = ends if ends != "mixed" else ("completed", "pruned", "failed", "missed")[number % 4]
        value = quality(config)
        if turn == "failed":
            record.fail(trial_id)
            continue
        record.report(trial_id, value - 0.1, 1)
        if turn == "pruned":
            record.prune(trial_id, {"floor": -1.0})
        else:
            record.complete(trial_id, value, {"floor": 0.2 if turn == "missed" else -0.2})
    return configs


def test_proposals_lie_in_the_space(sampler, make):
    for config in search(make(sampler), 25, "mixed"):
        assert SPACE.contains(config), config


def test_same_seed_same_proposals(sampler, make):
    assert search(make(sampler, seed=3), 15) == search(make(sampler, seed=3), 15)
    assert search(make(sampler, seed=3), 5) != search(make(sampler, seed=4), 5)


def test_proposals_differ(sampler, make):
    configs = search(make(sampler), 20)
    assert len({tuple(config.items()) for config in configs}) == 20


def test_running_trials_are_no_obstacle(sampler, make):
    record = make(sampler, startup=2)
    search(record, 6)
    running = [ask(record, f"running {number}") for number in range(5)]
    assert len({tuple(config.items()) for config in running}) == 5


def test_an_inserted_point_is_learned_from(sampler, make):
    record = make(sampler, startup=1)
    point = {"x": 0.3, "lr": 0.1, "kind": "b", "depth": 4, "share": 0.5}
    assert record.ask("r01", point) == point
    record.complete("r01", 1.0, {})
    assert record.study.best_params == point
    assert SPACE.contains(ask(record, "t001"))


@pytest.mark.parametrize("ends", ["pruned", "failed", "missed"])
def test_nothing_but_such_trials_is_no_obstacle(sampler, make, ends):
    for config in search(make(sampler, startup=3), 12, ends):
        assert SPACE.contains(config)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("direction", ["max", "min"])
def test_models_beat_chance(make, model, direction):
    def late_quality(name):
        late = []
        for seed in seeds(model):
            record = make(name, seed=seed, startup=8, direction=direction)
            sign = 1 if direction == "max" else -1
            for number in range(36):
                config = ask(record, f"t{number}")
                record.complete(f"t{number}", sign * quality(config), {})
                if number >= 20:
                    late.append(quality(config))
        return mean(late)

    assert late_quality(model) > late_quality("random") + 0.3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("ends", ["pruned", "failed", "missed"])
def test_models_avoid_what_was_pruned_failed_or_missed_the_floor(make, model, ends):
    """Kind c is the best by value, but its trials never make it: the model turns from it."""
    shares = []
    for seed in seeds(model):
        record = make(model, seed=seed, startup=8)
        kinds = []
        for number in range(36):
            trial_id, config = f"t{number}", ask(record, f"t{number}")
            kinds.append(config["kind"])
            if config["kind"] != "c":
                record.complete(trial_id, quality(config), {"floor": -0.1})
            elif ends == "failed":
                record.fail(trial_id)
            elif ends == "missed":
                record.complete(trial_id, 9.0, {"floor": 0.1})
            else:
                record.report(trial_id, 9.0, 1)
                record.prune(trial_id, {"floor": -0.1})
        shares.append(kinds[18:].count("c") / 18)
    assert mean(shares) < 0.25


def test_startup_is_right_for_small_and_large_searches():
    assert [startup_trials(trials, 2) for trials in (1, 12, 60, 600)] == [0, 4, 20, 20]
    assert startup_trials(600, 64) == 128


def test_optuna_estimator_is_the_multivariate_one_that_spreads_concurrent_proposals():
    tpe = SAMPLERS["tpe"](SamplerOptions(SPACE, 0, 1))
    assert isinstance(tpe, optuna.samplers.TPESampler)
    assert tpe._constant_liar
    assert tpe._is_multivariate(optuna.create_study())


def test_each_arm_is_searched_as_if_there_were_no_other(sampler):
    """What the other arm reports changes nothing, and proposals are points of the arm."""
    space = replace(SPACE, arms="kind")
    histories = []
    for other in (0.0, 1.0):
        make = sampler_maker(sampler, space, 0, 6)
        record = OptunaRecord(optuna.storages.InMemoryStorage(), "arms", space, "max", make)
        points = []
        for number in range(16):
            arm = "ab"[number % 2]
            point = record.ask(f"t{number}", arm=arm)
            space.check(point)
            assert point["kind"] == arm
            points.append(point)
            record.complete(f"t{number}", quality(point) if arm == "a" else other * number, {})
        histories.append([point for point in points if point["kind"] == "a"])
    assert histories[0] == histories[1]
