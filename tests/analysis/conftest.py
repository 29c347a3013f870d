"""Made runs, which tests of the analysis share."""

import make_robmednas
import make_run
import pytest
from make_run import METRIC, Blueprint

from analysis.load import Run, load


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory) -> Run:
    """A whole search: references, and trials of every fate."""
    return load(
        make_run.make_run(tmp_path_factory.mktemp("runs") / "many", make_run.whole_search())
    )


@pytest.fixture
def build(tmp_path):
    """Make and load a run of these trials."""

    def maker(*trials, name="run", **options) -> Run:
        return load(make_run.make_run(tmp_path / name, list(trials), **options))

    return maker


@pytest.fixture
def two(tmp_path):
    """Two runs of the same study, of which the second found more."""
    folders = [
        make_run.make_run(
            tmp_path / name,
            [
                Blueprint("r01", "baseline", metrics={METRIC: 0.2}),
                Blueprint("r02", "paper", metrics={METRIC: 0.3}),
                *(
                    Blueprint(f"t00{i}", metrics={METRIC: value})
                    for i, value in enumerate(values, 1)
                ),
            ],
        )
        for name, values in {"one": (0.1, 0.4), "two": (0.5, 0.6, 0.1)}.items()
    ]
    return [load(folder) for folder in folders]


@pytest.fixture(scope="session")
def heads(tmp_path_factory) -> Run:
    """A whole search whose score is an error, in HU."""
    folder, trials = tmp_path_factory.mktemp("runs") / "heads", make_robmednas.whole_search()
    task = make_robmednas.ROBMEDNAS
    return load(make_run.make_run(folder, trials, task=task, images=8))
