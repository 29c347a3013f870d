"""The helpers beside these tests, and those of the engine's, on the path."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ENGINE = HERE.parent / "search"
sys.path[:0] = [str(HERE), str(ENGINE), str(ENGINE / "storage")]
