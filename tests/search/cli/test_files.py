"""``python -m search files``: a source tree for whoever installed a wheel."""

import pytest
from typer.testing import CliRunner

from search.cli.app import app
from searchspace.errors import UserError


def test_the_command_says_what_it_wrote(tmp_path):
    result = CliRunner().invoke(app, ["files", str(tmp_path / "tree")])
    assert result.exit_code == 0
    assert (tmp_path / "tree" / "cluster.yaml").is_file()
    assert result.output.startswith(f"written to {tmp_path / 'tree'}: ")
    assert "cluster.yaml, constraints.txt, docs" in result.output


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="exists and is not empty: name a new folder"):
        CliRunner().invoke(app, ["files", str(tmp_path)], catch_exceptions=False)
