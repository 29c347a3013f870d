"""The commands of the study's own experiments."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from search.cli.app import app
from search.robmednas import commands


def test_the_group_of_commands_offers_all_of_them():
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"})
    assert len(commands.COMMANDS) == 5
    assert all(f"│ {name} " in result.output for name in commands.COMMANDS)


def test_options_of_the_comparison_become_its_plan(monkeypatch, tmp_path):
    plans = []
    monkeypatch.setattr("search.robmednas.final.final", lambda plan, console: plans.append(plan))
    words = ["robmednas-final", "a", "b", "--out", str(tmp_path), "--random", "15", "--seed", "2"]
    assert CliRunner().invoke(app, words).exit_code == 0
    (plan,) = plans
    assert (plan.runs, plan.folder) == ((Path("a"), Path("b")), tmp_path)
    assert (plan.draws, plan.epochs, plan.patience, plan.eps, plan.seed) == (15, 150, 5, 0.06, 2)


def test_the_phantom_is_written_as_a_folder_for_each_head(tmp_path):
    words = ["phantom", str(tmp_path / "heads"), "--subjects", "2", "--slices", "1", "--size", "8"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    folders = sorted((tmp_path / "heads").iterdir())
    assert len(folders) == 2
    assert {file.name for file in folders[0].iterdir()} >= {"mr.nii.gz", "ct.nii.gz"}


@pytest.mark.parametrize("words", [["--random", "-1"], ["--epochs", "0"], ["--eps", "-0.1"]])
def test_values_out_of_bounds_are_refused(words):
    result = CliRunner().invoke(app, ["robmednas-final", "a", "--out", "b", *words])
    assert result.exit_code == 2
    assert "Invalid value" in result.output


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("search.robmednas.final.final", ["robmednas-final", "run", "--out", "kept"]),
        ("search.robmednas.stability.stability", ["robmednas-stability", "kept"]),
    ],
)
def test_one_that_is_stopped_says_that_it_goes_on(monkeypatch, work, words):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(work, stop)
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200"}, standalone_mode=False)
    assert result.return_value == 130
    assert "stopped: give the same command again, and" in result.output
    assert "kept goes on" in result.output


@pytest.mark.parametrize("words", [["robmednas-corruption", "x"], ["synthesise", "x"]])
def test_a_network_that_is_no_code_is_not_passed_over(words, tmp_path):
    if words[0] == "synthesise":
        words = [*words, "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*words, "--network", "monai unet"])
    assert result.exit_code != 0
    assert "name the code that the model needs" in str(result.exception)
