"""The smallest comparison: two methods of TSynD that need no ascent, hardly trained."""

from dataclasses import replace

import pytest
from rich.console import Console

from search.comparison.comparison import Comparison, Grid, compare
from search.tsynd.methods import methods
from search.tsynd.tables import markdown

SMALL = {"epochs": 1, "autoencoder_steps": 1, "device": "cpu", "precision": "fp32"}
SMALL |= {
    "eps": "0,8/255", "ranking_images": 16, "ladder": "1:pgd-1", "max_memory": 2.0,
}  # fmt: skip  # alarms have tests of their own
SMALLEST = Comparison(
    study="tsynd",
    grid=Grid(("phantom",), (0.05,), 1),
    methods=lambda settings: methods(settings, ())[:2],
    layout=markdown,
    stem="table1",
    out=None,
    settings={},
    machine={"in_process": True},
    images=12,
)


@pytest.fixture
def make_comparison(tmp_path):
    def maker(**changes):
        settings = SMALL | {"cache": tmp_path / "cache"} | changes.pop("settings", {})
        return replace(SMALLEST, **{"settings": settings, "out": tmp_path / "out"} | changes)

    return maker


@pytest.fixture
def run_comparison(capsys):
    def runner(comparison):
        status = compare(comparison, Console(width=80))
        return status, capsys.readouterr().out

    return runner
