"""A sampler of the user's own is as good as a built-in one."""

import optuna
import pytest

from search.engine.optuna_record import OptunaRecord
from search.plan import Plan
from search.samplers.registry import SAMPLERS, sampler_maker, takes_two_objectives
from searchspace.domains import Float
from searchspace.errors import UserError
from searchspace.space import Param, Space

SPACE = Space("registry", (Param("x", Float(0.0, 1.0), ""),))
CODE = """
from search.samplers.whole_config import WholeConfigSampler

class Middle(WholeConfigSampler):
    two_objectives = True

    def draw(self, study, trial):
        return {"x": 0.5 + 0.001 * trial.number}

def nothing(options):
    return options.seed
"""


@pytest.fixture(autouse=True)
def _file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE)


def test_a_file_brings_a_sampler():
    make = sampler_maker("./mine.py:Middle", SPACE, 0, 0)
    storage = optuna.storages.InMemoryStorage()
    record = OptunaRecord(storage, "registry", SPACE, "max", make)
    assert [record.ask(f"t{number}") for number in range(2)] == [{"x": 0.5}, {"x": 0.501}]


def test_what_is_no_sampler_is_refused():
    with pytest.raises(UserError, match=r"^./mine.py:nothing returns a int: give a class or"):
        sampler_maker("./mine.py:nothing", SPACE, 0, 0)(0)
    with pytest.raises(UserError, match=r"^unknown sampler 'evolve': did you mean evolution\?$"):
        sampler_maker("evolve", SPACE, 0, 0)


def test_each_question_has_a_seed_of_its_own(monkeypatch):
    seeds = []
    monkeypatch.setitem(
        SAMPLERS, "echo", lambda options: seeds.append(options.seed) or SAMPLERS["tpe"](options)
    )
    make = sampler_maker("echo", SPACE, 7, 0)
    for number in (0, 1, 0):
        make(number)
    assert seeds[0] == seeds[2] != seeds[1]


def test_a_sampler_says_whether_it_takes_two_objectives():
    names = ("tpe", "random", "bayes", "./mine.py:Middle", "./mine.py:nothing")
    assert [takes_two_objectives(name) for name in names] == [True, True, False, True, False]


def test_a_plan_names_a_file_for_any_working_directory(tmp_path):
    assert Plan(study="toy", sampler="./mine.py:Middle").sampler == f"{tmp_path}/mine.py:Middle"
    assert Plan(study="toy", sampler="tpe").sampler == "tpe"
