"""Options of the commands become their plans."""

from typer.testing import CliRunner

from search.cli.app import app


def test_options_become_a_plan_for_every_cell(monkeypatch, tmp_path):
    comparisons = []
    monkeypatch.setattr(
        "search.comparison.comparison.compare",
        lambda comparison, console: comparisons.append(comparison) or 0,
    )
    words = ["nonrobust-table", "--out", str(tmp_path / "out"), "--datasets", "phantom"]
    words += ["--fractions", "0.1", "--seeds", "2", "--radius", "2", "--in-process"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    (comparison,) = comparisons
    run = comparison.plan_of(list(comparison.grid)[-1])
    assert (run.in_process, run.seed, run.settings["eps"]) == (True, 1, "0,2/255")


def test_an_examination_of_a_run(monkeypatch, tmp_path):
    plans = []
    monkeypatch.setattr(
        "search.nonrobust.examine.examine", lambda plan, console: plans.append(plan) or 0
    )
    words = ["nonrobust-examine", str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*words, "--seeds", "1", "--epochs", "3"])
    assert result.exit_code == 0, result.output
    (plan,) = plans
    assert (plan.run, plan.seeds, plan.epochs, plan.radius) == (tmp_path / "run", 1, 3, 4.0)
    CliRunner().invoke(app, words)
    assert plans[1].seeds == 5
