"""Jobs that carry the code that they name to another process."""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import toy_study

from search.execution.portable import FILES, Portable
from search.study import load_study
from searchspace.errors import UserError
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
    settings = load_study(f"{file}:Mine").parse_settings({"teeth": 3})
    content = pickle.dumps(Work(f"{file}:Mine", settings, 4))
    for name in set(sys.modules) - before:  # as another process, on another machine
        del sys.modules[name]
    plugins._FILES.clear()
    file.unlink()
    work = pickle.loads(pickle.dumps(pickle.loads(content)))  # noqa: S301 - made here
    arrived = work.parsed_settings()
    assert type(arrived) is not type(settings)
    assert arrived.model_dump() == settings.model_dump()
    assert type(load_study(work.module)).settings is type(arrived)


def test_code_that_cannot_be_loaded_fails_where_it_is_used(tmp_path):
    """Not while the job is unpickled, where Ray would only say that a worker is lost."""
    work = Work(f"{tmp_path}/gone.py:Mine", toy_study.Settings(), 4)
    arrived = pickle.loads(pickle.dumps(work))  # noqa: S301 - made here
    with pytest.raises(UserError, match=r"cannot read .*gone.py"):
        arrived.parsed_settings()


def test_files_that_other_names_stand_for_travel_along(tmp_path):
    """A sampler or network from a file, in a run of a study that is installed."""
    plugins._FILES["/elsewhere/net.py"] = b"Net = 1"
    work = Work("toy_study:ToyStudy", toy_study.Settings(), 4)
    state = pickle.dumps(work)
    plugins._FILES.clear()
    assert pickle.loads(state) == work  # noqa: S301 - made here
    assert plugins.loaded_files() == {"/elsewhere/net.py": b"Net = 1"}
