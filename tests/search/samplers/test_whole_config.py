"""One draw for all parameters of a trial, and the order of trials that samplers learn from."""

import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.samplers.whole_config import RandomSampler, SamplerOptions, WholeConfigSampler, standing
from searchspace.domains import Choice, Float
from searchspace.space import Param, Space, When

SPACE = Space(
    "whole",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("x", Float(0.0, 1.0), "", when=When("kind", ("b",))),
    ),
)


class Counter(WholeConfigSampler):
    """Always proposes the same config, and counts how often it is asked for one."""

    calls = 0

    def draw(self, study, trial):
        self.calls += 1
        return {"kind": "b", "x": 0.5}


def record_of(make, direction="max"):
    return OptunaRecord(optuna.storages.InMemoryStorage(), "whole", SPACE, direction, make)


def test_all_parameters_of_a_trial_come_from_one_draw():
    sampler = Counter(SamplerOptions(SPACE, 0, 0))
    record = record_of(lambda _: sampler)
    for calls in (1, 2):
        assert record.ask(f"t{calls}") == {"kind": "b", "x": 0.5}
        assert sampler.calls == calls


def test_a_random_draw_depends_on_seed_and_number_alone():
    def configs(seed, names="abc"):
        record = record_of(lambda _: RandomSampler(SamplerOptions(SPACE, seed, 0)))
        return [record.ask(name) for name in names]

    assert configs(0) == configs(0)
    assert configs(0) != configs(1)
    record = record_of(lambda _: RandomSampler(SamplerOptions(SPACE, 0, 0)))
    record.ask("a", {"kind": "a"})
    assert record.ask("b") == configs(0)[1]


@pytest.mark.parametrize(("direction", "order"), [("max", "bacdfe"), ("min", "abcdfe")])
def test_complete_trials_stand_before_pruned_ones_before_those_that_violate(direction, order):
    record = record_of(lambda _: RandomSampler(SamplerOptions(SPACE, 0, 0)), direction)
    for name in "abcdef":
        record.ask(name)
    record.complete("a", 1.0, {})
    record.complete("b", 2.0, {"floor": 0.0})
    record.report("c", 1.0, 0)
    record.report("c", 1.0, 1)
    record.prune("c", {})
    record.report("d", 9.0, 0)
    record.prune("d", {})
    record.complete("e", 5.0, {"floor": 0.2, "size": 0.2, "met": -9.0})
    record.complete("f", -5.0, {"floor": 0.3})
    trials = record.study.get_trials(
        states=(optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    )
    ranking = sorted(trials, key=lambda trial: standing(trial, record.study.direction))
    assert "".join(trial.user_attrs["trial"] for trial in ranking) == order
