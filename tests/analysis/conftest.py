"""Made runs, on the path of the tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import make_run

from analysis.load import Run, load


@pytest.fixture(scope="session")
def many(tmp_path_factory) -> Run:
    """A whole search: references, and trials of every fate."""
    return load(make_run.make_run(tmp_path_factory.mktemp("runs") / "many", make_run.many()))


@pytest.fixture
def made(tmp_path):
    """Make and load a run of these trials."""

    def maker(*trials, name="run", **options) -> Run:
        return load(make_run.make_run(tmp_path / name, list(trials), **options))

    return maker
