"""python -m analysis."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "analysis", "--help"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "RUN..." in done.stdout
