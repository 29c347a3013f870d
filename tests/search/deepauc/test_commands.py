"""Options of the command become its plan."""

from typer.testing import CliRunner

from search.cli.app import app


def test_options_become_a_plan_for_every_cell(monkeypatch, tmp_path):
    comparisons = []
    monkeypatch.setattr(
        "search.comparison.comparison.compare",
        lambda comparison, console: comparisons.append(comparison) or 0,
    )
    words = ["deepauc-tables", "--out", str(tmp_path / "out"), "--datasets", "phantom,phantom3d"]
    words += ["--fractions", "0.5", "--seeds", "2", "--pretrain-epochs", "4", "--images", "9"]
    result = CliRunner().invoke(app, [*words, "--concurrency", "2"])
    assert result.exit_code == 0, result.output
    (comparison,) = comparisons
    cells = list(comparison.grid)
    assert (len(cells), cells[-1].name) == (4, "phantom3d-0.5-1")
    run = comparison.plan_of(cells[-1])
    assert run.run == tmp_path / "out" / "cells" / "phantom3d-0.5-1"
    assert (run.in_process, run.concurrency, run.seed, comparison.images) == (False, 2, 1, 9)
    assert run.settings["pretrain_epochs"] == 4
    assert "epochs" not in run.settings  # the study's default
