"""What is printed of outcomes that are known."""

import io
import math

import pytest
from rich.console import Console

from search.simulation.report import (
    check_out,
    cost_table,
    goal_lines,
    quality_table,
)
from search.simulation.summary import Goal, Summary
from searchspace.errors import UserError
from trainables.metrics.intervals import Interval


@pytest.fixture
def summary():
    return Summary(
        method="engine tpe",
        runs=4,
        success=Interval(0.75, 0.3006, 0.9544),
        regret=Interval(0.0123, 0.001, 0.02),
        regret_median=0.011,
        regret_p95=0.04,
        trials=12.0,
        cost=2_500_000.0,
        cost_to_top=math.inf,
        utilisation=0.5,
        duplicates=0.25,
        infeasible=0.125,
        last_rung=0.333,
    )


@pytest.fixture
def cells():
    """Print a table and return the cells of its last row."""

    def show(table):
        console = Console(width=80, file=io.StringIO())
        console.print(table)
        rows = [line for line in console.file.getvalue().splitlines() if line.startswith("│")]
        return [cell.strip() for cell in rows[-1].strip("│").split("│")]

    return show


def test_quality(summary, cells):
    assert cells(quality_table([summary])) == [
        "engine tpe", "75% [30, 95%]", "0.012 [0.001, 0.020]", "0.011", "0.040",
    ]  # fmt: skip


def test_cost(summary, cells):
    assert cells(cost_table([summary])) == [
        "engine tpe", "2.5", "never", "50%", "33%", "25%", "12%",
    ]  # fmt: skip


def test_goals_say_whether_they_are_met():
    goals = [Goal("engine tpe", "cost at most 50%", 0.4567, met) for met in (True, False)]
    assert goal_lines(goals) == [
        "engine tpe: cost at most 50%: 0.457, met",
        "engine tpe: cost at most 50%: 0.457, NOT met",
    ]


@pytest.mark.parametrize(("name", "reason"), [("a.txt", "end it in"), ("b/a.csv", "no folder")])
def test_a_file_that_cannot_be_written_is_refused_early(tmp_path, name, reason):
    with pytest.raises(UserError, match=reason):
        check_out(tmp_path / name)
    check_out(tmp_path / "a.csv")
