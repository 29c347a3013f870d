"""Made runs."""

import make_run
import pytest

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
