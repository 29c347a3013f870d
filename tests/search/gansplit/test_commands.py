"""Options of the command become its comparison."""

import pytest
from typer.testing import CliRunner

from search.cli.app import app


def test_options_become_a_comparison(monkeypatch, tmp_path):
    comparisons = []
    monkeypatch.setattr(
        "search.comparison.comparison.compare",
        lambda comparison, console: comparisons.append(comparison) or 0,
    )
    words = ["gansplit-table", "--out", str(tmp_path / "out"), "--datasets", "phantom,breastmnist"]
    words += ["--seeds", "2", "--generator", "r1", "--generator-steps", "9", "--in-process"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    (comparison,) = comparisons
    cells = list(comparison.grid)
    assert [cell.name for cell in cells][::3] == ["phantom-0.5-0", "breastmnist-0.5-1"]
    plan = comparison.plan_of(cells[0])
    assert plan.in_process
    assert (plan.settings["generators"], plan.settings["generator_steps"]) == ("r1", 9)
    assert "epochs" not in plan.settings


@pytest.mark.parametrize(
    ("words", "line"),
    [(["--points", "0,3"], "--points 0,3"), (["--datasets", "breastmnits"], "did you mean")],
)
def test_wrong_values_are_refused_before_anything_is_written(words, line, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["gansplit-table", "--out", str(tmp_path / "out"), *words])
    assert result.exit_code != 0
    assert line in result.output + str(result.exception)
    assert not (tmp_path / "out").exists()
