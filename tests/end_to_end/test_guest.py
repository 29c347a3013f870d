"""A study from a file outside the repository: run, taken up again, missing, changed, on Ray."""

import json
import sys

import pandas as pd
import pytest
from places import SUPPORT
from rich.console import Console

from search.cli import recorded
from search.cli.recorded import finder, remember
from search.plan import Plan
from search.run.runner import resume, run
from search.studies import find_study
from searchspace.errors import UserError
from trainables.runtime import plugins

GUEST = """
from typing import ClassVar

import toy_study
from trainables.study.settings import DATA, setting

class Settings(toy_study.Settings):
    teeth: int = setting(32, "Of a toy.", DATA)

class Toothed(toy_study.ToyStudy):
    settings = Settings

    def build(self, config, settings, assets):
        assert isinstance(settings, Settings) and settings.teeth == 3
        return super().build(config, settings, assets)
"""


@pytest.fixture
def forget(monkeypatch):
    """Return what forgets all code from files, as the end of a process does."""
    before = dict(sys.modules)
    monkeypatch.setattr(plugins, "_FILES", {})

    def end_process():
        plugins._FILES.clear()
        for name in sys.modules.keys() - before.keys():
            if name.startswith("toothed_"):
                del sys.modules[name]

    yield end_process
    end_process()


@pytest.fixture
def file(tmp_path, monkeypatch, forget):
    monkeypatch.setattr(recorded, "cache_folder", lambda: tmp_path / "cache")
    path = tmp_path / "elsewhere" / "toothed.py"
    path.parent.mkdir()
    path.write_text(GUEST)
    return path


@pytest.fixture
def start(tmp_path, file):
    def starter(**options):
        study = find_study(f"{file}:Toothed")
        remember([study.path])
        settings = {"teeth": 3, "epochs": 3}
        plan = Plan(study=study.path, settings=settings, trials=2, run=tmp_path / "run", **options)
        assert run(plan, study, Console(width=80)) == 0
        return tmp_path / "run"

    return starter


def test_a_run_records_the_file_and_is_taken_up_again(start, file, forget, capsys):
    folder = start(in_process=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["plan"]["study"] == f"{file}:Toothed"
    assert manifest["guest"]["file"] == str(file)
    assert len(manifest["guest"]["sha256"]) == 64
    forget()
    file.write_text(f"{GUEST}\n# edited\n")
    capsys.readouterr()
    assert resume(folder, {"trials": 3}, finder(None, trust=False), Console(width=500)) == 0
    assert f"changed since the run was started: {file}\n" in capsys.readouterr().out


def test_a_file_that_is_gone_is_one_line(start, file, forget):
    folder = start(in_process=True)
    forget()
    file.unlink()
    with pytest.raises(UserError, match=f"^cannot read {file}: No such file or directory$"):
        resume(folder, {}, finder(None, trust=False), Console(width=80))


@pytest.mark.ray
def test_workers_load_the_study_from_the_same_file(start, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))  # of the toy that the study is made from
    folder = start(concurrency=1)
    table = pd.read_csv(folder / "trials.csv").set_index("trial")
    assert set(table.loc[["r01", "r02"], "state"]) == {"completed"}
    assert set(table["state"]) <= {"completed", "pruned"}
