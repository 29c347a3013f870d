"""Who works inside a stranger's folder runs none of its modules."""

import os
import subprocess
import sys

import pytest
from places import ROOT

# As a library, one of Python's own that is not loaded at its start, and one of this program.
NAMES = ("typer", "pathlib", "tempfile", "numpy", "trainables")


@pytest.mark.parametrize("command", [("search", "status", "."), ("analysis", ".")])
def test_modules_in_the_current_folder_are_not_run(command, tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger ran code')")
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "is not a run" in done.stderr, done.stderr
    assert done.returncode == 2
