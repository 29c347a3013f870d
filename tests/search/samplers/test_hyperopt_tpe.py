"""Hyperopt's estimator, and the history that it is given."""

import hyperopt
import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.samplers.hyperopt_tpe import HyperoptSampler
from search.samplers.registry import sampler_maker
from search.samplers.whole_config import SamplerOptions
from searchspace.domains import Choice, Float
from searchspace.space import Param, Space, When

SPACE = Space(
    "tpe",
    (
        Param("kind", Choice(("a", "b")), ""),
        Param("x", Float(0.0, 1.0), "", when=When("kind", ("b",))),
    ),
)


@pytest.fixture
def record():
    storage = optuna.storages.InMemoryStorage()
    return OptunaRecord(storage, "h", SPACE, "max", sampler_maker("hyperopt", SPACE, 0, 3))


def test_losses_are_ranks_and_running_trials_have_none(record):
    for name, value in {"a": 0.5, "b": 0.9, "c": 0.1}.items():
        record.ask(name, {"kind": "a"} if name == "c" else {"kind": "b", "x": value})
        record.complete(name, value, {})
    record.ask("running", {"kind": "b", "x": 0.3})
    record.ask("current", {"kind": "b", "x": 0.2})
    sampler = HyperoptSampler(SamplerOptions(SPACE, 0, 3))
    *_, current = record.study.get_trials()
    documents = sampler._documents(record.study, current)
    results = {document["tid"]: document["result"] for document in documents}
    assert {number: results[number].get("loss") for number in results} == {
        1: 0,
        0: 1,
        2: 2,
        3: None,
    }
    assert results[3]["status"] == hyperopt.STATUS_NEW
    values = {document["tid"]: document["misc"]["vals"] for document in documents}
    assert values[2]["x"] == []  # switched off
    assert values[0]["x"] == [0.5]


def test_hyperopt_is_never_let_run_a_trial():
    sampler = HyperoptSampler(SamplerOptions(SPACE, 0, 3))
    with pytest.raises(NotImplementedError, match="only proposes"):
        sampler._domain.fn({"kind": "a"})
