"""Jobs that carry the code that they name to another process."""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import toy_study

from search.execution.portable import FILES, Portable
from search.study import load_module
from trainables.runtime import plugins

MINE = """
from trainables.study.settings import DATA, setting
import toy_study

class Settings(toy_study.Settings):
    teeth: int = setting(32, "Of a toy.", DATA)

class Mine(toy_study.ToyStudy):
    settings = Settings
"""


@dataclass(frozen=True)
class Work(Portable):
    module: str
    settings: Any
    number: int


@pytest.fixture(autouse=True)
def _no_files(monkeypatch):
    monkeypatch.setattr(plugins, "_FILES", {})


def test_a_job_of_a_study_that_is_installed_travels_as_it_is():
    work = Work("toy_study:ToyStudy", toy_study.Settings(epochs=3), 4)
    assert FILES not in work.__getstate__()
    assert pickle.loads(pickle.dumps(work)) == work  # noqa: S301 - made here


def test_a_study_from_a_file_arrives_where_the_file_is_gone(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    before = set(sys.modules)
    settings = load_module(f"{file}:Mine").parse_settings({"teeth": 3})
    content = pickle.dumps(Work(f"{file}:Mine", settings, 4))
    for name in set(sys.modules) - before:  # as another process, on another machine
        del sys.modules[name]
    plugins._FILES.clear()
    file.unlink()
    work = pickle.loads(content)  # noqa: S301 - made here
    assert type(work.settings) is not type(settings)
    assert work.settings.model_dump() == settings.model_dump()
    assert type(load_module(work.module)).settings is type(work.settings)


def test_files_that_other_names_stand_for_travel_along(tmp_path):
    """A sampler or network from a file, in a run of a study that is installed."""
    plugins._FILES["/elsewhere/net.py"] = b"Net = 1"
    work = Work("toy_study:ToyStudy", toy_study.Settings(), 4)
    state = pickle.dumps(work)
    plugins._FILES.clear()
    assert pickle.loads(state) == work  # noqa: S301 - made here
    assert plugins.loaded_files() == {"/elsewhere/net.py": b"Net = 1"}
