"""A finished toy run to be forged, and a tree beside it of which nothing may change."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from rich.console import Console

from search.plan import Plan
from search.run.runner import run
from search.study import StudyRow

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of a run that has ended."""
    folder = tmp_path_factory.mktemp("template") / "run"
    plan = Plan(study="toy", trials=3, in_process=True, run=folder, scheduler="fifo")
    with Path(os.devnull).open("w") as nowhere:
        assert run(plan, TOY, Console(file=nowhere)) == 0
    return folder


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Files of the user's own; the current folder is among them."""
    tree = tmp_path / "outside"
    (tree / "folder").mkdir(parents=True)
    (tree / "thesis.tex").write_text("thesis")
    (tree / "line.txt").write_text(json.dumps({"event": "odd", "elapsed_s": 1.0}) + "\n")
    (tree / "folder" / "data.csv").write_text("a,b\n")
    monkeypatch.chdir(tree)
    return tree


@pytest.fixture
def forged(finished, tmp_path, outside):
    """A copy of the run beside them."""
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    return folder


@pytest.fixture
def canary(tmp_path, forged):
    """Return what lies beside the run: names, kinds, contents and rights."""

    def look():
        return {
            path.relative_to(tmp_path).as_posix(): (
                stat.filemode(path.lstat().st_mode),
                path.read_bytes() if path.is_file() else b"",
            )
            for path in sorted(tmp_path.rglob("*"))
            if forged not in (path, *path.parents)
        }

    return look
