"""Options of the command become its plan."""

import pytest
from typer.testing import CliRunner

from search.cli.app import app


def test_options_become_a_plan_for_every_cell(monkeypatch, tmp_path):
    comparisons = []
    monkeypatch.setattr(
        "search.comparison.comparison.compare",
        lambda comparison, console: comparisons.append(comparison) or 0,
    )
    words = ["tsynd-table1", "--out", str(tmp_path / "out"), "--datasets", "phantom,breastmnist"]
    words += ["--fractions", "0.01,0.1", "--seeds", "2", "--classifier", "densenet"]
    words += ["--data-root", str(tmp_path), "--images", "9", "--in-process"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    (comparison,) = comparisons
    cells = list(comparison.grid)
    assert (len(cells), cells[0].name, cells[-1].name) == (8, "phantom-0.01-0", "breastmnist-0.1-1")
    run = comparison.plan_of(cells[-1])
    assert run.run == tmp_path / "out" / "cells" / "breastmnist-0.1-1"
    assert (run.in_process, run.seed, comparison.images) == (True, 1, 9)
    assert run.settings["classifier"] == "densenet"
    assert run.settings["data_root"] == str(tmp_path)
    assert "epochs" not in run.settings  # the study's default


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--seeds", "0"], "Invalid value"),
        (["--images", "0"], "Invalid value"),
        (["--datasets", "breastmnits"], "did you mean breastmnist or"),
        (["--fractions", "much"], "--fractions much: give numbers with commas"),
    ],
)
def test_values_that_are_none_are_refused(words, line, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["tsynd-table1", "--out", str(tmp_path / "out"), *words])
    assert result.exit_code != 0
    assert line in result.output + str(result.exception)
    assert not (tmp_path / "out").exists()
