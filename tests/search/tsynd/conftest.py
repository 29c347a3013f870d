"""The smallest tables: the phantom, hardly trained."""

import pytest
from rich.console import Console

from search.tsynd import cells
from search.tsynd.table1 import TablePlan, table1

SMALL = {"epochs": 1, "autoencoder_steps": 1, "device": "cpu", "precision": "fp32"}
SMALL |= {
    "eps": "0,8/255",
    "ladder": "1:pgd-1",
    "max_memory": 2.0,
}  # alarms have tests of their own


@pytest.fixture
def make_plan(tmp_path):
    def maker(**changes):
        settings = SMALL | {"cache": tmp_path / "cache"} | changes.pop("settings", {})
        values = {"datasets": ("phantom",), "fractions": (0.05,), "seeds": 1, "images": 12}
        values |= {"out": tmp_path / "out", "machine": {"in_process": True}} | changes
        return TablePlan(settings=settings, **values)

    return maker


@pytest.fixture
def two_methods(monkeypatch):
    """Train the two that need no ascent."""
    every = cells.methods
    monkeypatch.setattr(cells, "methods", lambda *rows: every(*rows)[:2])


@pytest.fixture
def run_table(capsys):
    def runner(plan):
        status = table1(plan, Console(width=80))
        return status, capsys.readouterr().out

    return runner
