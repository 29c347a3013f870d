"""Optuna's Gaussian process: what it is told of each trial."""

import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.samplers import optuna_gp
from search.samplers.optuna_gp import VIOLATION, whole, without_conditions
from search.samplers.registry import sampler_maker
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

SPACE = Space(
    "tree",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("x", Float(0.0, 1.0), ""),
        Param("n", Int(0, 8), "", when=When("kind", ("b",))),
    ),
)


@pytest.fixture
def studies(monkeypatch):
    """The studies that it makes, each asked for one proposal that is drawn at random."""
    made = []

    def make(seed):
        sampler = optuna.samplers.RandomSampler(seed=seed)
        before = sampler.before_trial

        def remember(study, trial):
            made.append(study.get_trials(states=None)[: trial.number])
            before(study, trial)

        sampler.before_trial = remember
        return sampler

    monkeypatch.setattr(optuna_gp, "_make_sampler", make)
    return made


@pytest.fixture
def record():
    storage = optuna.storages.InMemoryStorage()
    return OptunaRecord(storage, "gp", SPACE, "max", sampler_maker("gp", SPACE, 0, 2))


def test_a_space_without_conditions_and_configs_that_fill_it():
    flat = without_conditions(SPACE)
    assert all(param.when is None for param in flat.params)
    assert whole(flat, {"kind": "a", "x": 0.2}) == {"kind": "a", "x": 0.2, "n": 4}
    assert whole(flat, {"kind": "b", "x": 0.2, "n": 7})["n"] == 7


def test_every_trial_is_complete_and_ranked_with_its_worst_constraint(record, studies):
    points = [{"kind": "a", "x": x} for x in (0.1, 0.2, 0.3, 0.4, 0.5)]
    for number, point in enumerate(points):
        record.ask(f"t{number}", point)
    record.complete("t0", 1.0, {"floor": -0.1})
    record.complete("t1", 2.0, {"floor": -0.2, "size": -0.5})
    record.complete("t2", 9.0, {"floor": 0.3, "size": -0.5})  # may not win
    record.report("t3", 9.0, 0)
    record.prune("t3", {"floor": -0.1})  # stopped: behind all that were completed
    config = record.ask("t5")
    SPACE.check(config)
    (trials,) = studies
    by_x = {trial.params["x"]: trial for trial in trials}
    completed = [by_x[x] for x in (0.1, 0.2, 0.3, 0.4)]
    assert {trial.state for trial in completed} == {optuna.trial.TrialState.COMPLETE}
    order = sorted(completed, key=lambda trial: -trial.value)
    assert [trial.params["x"] for trial in order] == [0.2, 0.1, 0.4, 0.3]
    constraints = [trial.constraints[VIOLATION] for trial in completed]
    assert constraints == pytest.approx([-0.1, -0.2, 0.3, -0.1], abs=1e-6)
    assert by_x[0.5].state == optuna.trial.TrialState.RUNNING
    assert {trial.params["n"] for trial in trials} == {4}


@pytest.mark.slow
def test_it_finds_a_narrow_peak_that_depends_on_a_switch(record):
    for number in range(30):
        config = record.ask(str(number))
        value = -abs(config["x"] - 0.6) - (0.3 if config["kind"] == "a" else config["n"] / 20)
        record.complete(str(number), value, {})
    assert record.study.best_params["kind"] == "b"
    assert record.study.best_value > -0.08
