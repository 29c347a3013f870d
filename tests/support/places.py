"""Where the tests' helpers lie, for processes that tests start."""

from pathlib import Path

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]
TOY_MAIN = SUPPORT / "toy_main.py"
