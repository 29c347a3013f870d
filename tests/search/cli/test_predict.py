"""The command ``predict``: its options, and one line for what is wrong."""

from typer.testing import CliRunner

from search.cli.app import app


def test_help_names_the_model_and_the_dataset():
    result = CliRunner().invoke(app, ["predict", "--help"])
    assert result.exit_code == 0
    assert "Write class and probabilities" in result.output


def test_a_folder_without_a_model_is_a_mistake_of_the_user(tmp_path):
    options = ["predict", str(tmp_path), "--dataset", "phantom", "--out", str(tmp_path / "out.csv")]
    result = CliRunner().invoke(app, options)
    assert "no model in" in str(result.exception)
    assert not (tmp_path / "out.csv").exists()
