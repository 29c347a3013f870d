"""What regularised evolution promises beyond the contract of all samplers."""

import numpy as np
import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.samplers.evolution import POPULATION
from search.samplers.registry import sampler_maker
from searchspace.domains import Choice, Float, Int
from searchspace.random import draw, to_unit
from searchspace.space import Param, Space, When

SPACE = Space(
    "evolution",
    (
        Param("depth", Int(1, 5), ""),
        Param("kind", Choice(("a", "b")), ""),
        Param("lr", Float(1e-4, 1.0, log=True), ""),
        Param("only", Choice(("p", "q", "r")), "", when=When("kind", ("b",))),
    ),
)


@pytest.fixture
def record():
    storage = optuna.storages.InMemoryStorage()
    return OptunaRecord(storage, "e", SPACE, "max", sampler_maker("evolution", SPACE, 0, 5))


def differing(a, b):
    return {name for name in a.keys() | b.keys() if a.get(name) != b.get(name)}


def test_a_child_differs_from_one_of_the_living_in_one_parameter(record):
    configs = []
    for number in range(40):
        config = record.ask(str(number))
        assert SPACE.contains(config)
        if number >= 5:
            steps = [differing(config, one) for one in configs[-POPULATION:]]
            # what a kind switches on or off comes along
            assert any(len(step) == 1 or step == {"kind", "only"} for step in steps)
        configs.append(config)
        record.complete(str(number), float(config["depth"]), {})
    assert len({tuple(config.items()) for config in configs}) == 40
    late = [config["depth"] for config in configs[-10:]]
    assert np.mean(late) > 3.6  # 3 by chance


def test_the_old_die_however_good_they_are(record):
    best = {"depth": 5, "kind": "a", "lr": 0.123456}
    record.ask("best", best)
    record.complete("best", 99.0, {})
    for number in range(POPULATION):
        record.ask(str(number), {"depth": 1, "kind": "b", "lr": 0.5, "only": "p"})
        record.complete(str(number), 0.0, {})
    assert record.ask("child")["lr"] != best["lr"]


@pytest.mark.parametrize("domain", [Float(-2.0, 3.0), Float(1e-5, 10.0, log=True), Int(1, 9)])
def test_units_are_the_inverse_of_draws(domain):
    for u in (0.01, 0.3, 0.77, 0.999):
        value = draw(domain, u)
        assert draw(domain, to_unit(domain, value)) == pytest.approx(value)
        if isinstance(domain, Float):
            assert to_unit(domain, value) == pytest.approx(u)
