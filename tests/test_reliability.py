"""The page on faults names a test for each, and each is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FAULTS = 60


def rows():
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith(("| fault |", "| --- |"))]


@pytest.fixture(scope="module")
def tests():
    """The functions of the test files, by the stem of each."""
    names: dict[str, set[str]] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        names.setdefault(file.stem, set()).update(
            re.findall(r"^def (test_\w+)", text, re.MULTILINE)
        )
    return names


def test_there_are_as_many_faults_as_are_promised():
    assert len(set(rows())) >= FAULTS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split(" | ")[0][2:50])
def test_each_fault_has_a_test_that_is_there(row, tests):
    references = re.findall(r"`(\w+)::(\w+)`", row.split(" | ")[-1])
    assert references, row
    for file, name in references:
        assert name in tests.get(file, ()), f"{file}::{name}"
