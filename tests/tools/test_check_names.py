"""The share of functions with pronouns for names is measured, and a share of 1 % fails."""

import ast

import pytest
from check_names import LIMIT, bindings, count, forbidden, main
from sources import PACKAGES


def names(source) -> set[str]:
    (function,) = ast.parse(source).body
    return set(forbidden(bindings(function)))


@pytest.mark.parametrize(
    "line",
    [
        "found = 1",
        "found: int = 1",
        "found += 1",
        "score, (*found, rank) = row",
        "for found in rows: pass",
        "rows = [found for found in rows]",
        "rows = {found: 1 for found in rows}",
        "print(found := 1)",
        "with open(path) as found: pass",
        "try: pass\n    except ValueError as found: pass",
        "match row:\n        case [found, *_]: pass",
        "match row:\n        case [score, *found]: pass",
        "match row:\n        case {'score': 1, **found}: pass",
        "match row:\n        case int() as found: pass",
        "import numpy as found",
        "from numpy import array as found",
        "key = lambda found: found",
        "def found(): pass",
        "class found: pass",
        "_found = found_ = 1",
    ],
)
def test_every_way_to_bind_a_name_counts(line):
    assert {name.strip("_") for name in names(f"def search(row):\n    {line}\n")} == {"found"}


@pytest.mark.parametrize(
    "parameters", ["at", "at, /", "*, at", "*at", "**at", "at=1", "trial, at: int = 1"]
)
def test_every_kind_of_parameter_counts(parameters):
    assert names(f"def search({parameters}): pass") == {"at"}
    assert names(f"async def search({parameters}): pass") == {"at"}


@pytest.mark.parametrize(
    "line",
    ["print(found)", "self.found = 1", "rows['found'] = 1", "search(found=1)", "founder = 1"],
)
def test_what_binds_no_local_does_not_count(line):
    assert names(f"def search(row):\n    {line}\n") == set()


def test_a_left_beside_a_right_is_a_side():
    assert names("def split(row):\n    left, right = row") == set()
    assert names("def split(row):\n    left = row") == {"left"}


def test_a_nested_function_answers_for_its_own_names(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def outer():\n    def inner(at):\n        found = at\n    return inner\n")
    result = count([path])
    assert (result.functions, result.offenders) == (2, 1)
    assert [(offence.line, offence.name) for offence in result.offences] == [
        (2, "at"),
        (3, "found"),
    ]


@pytest.fixture
def tree(tmp_path):
    """A made repository of 100 functions, whose names are ``trial``."""
    for package in PACKAGES:
        (tmp_path / package / "engine").mkdir(parents=True)
        lines = [f"def score_{index}(trial): pass\n" for index in range(25)]
        (tmp_path / package / "engine" / "module.py").write_text("".join(lines))
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_a_clean_tree_passes(tree, capsys):
    assert main([], root=tree) == 0
    assert "the four packages: 0 of 100 functions, 0.0%" in capsys.readouterr().out


def test_one_in_a_hundred_fails(tree, capsys):
    path = tree / "search" / "engine" / "module.py"
    path.write_text(path.read_text().replace("score_7(trial)", "score_7(own)"))
    assert LIMIT == 0.01
    assert main(["--list"], root=tree) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "search/engine/module.py:8: own"
    assert "the four packages: 1 of 100 functions, 1.0%" in lines


def test_tests_are_told_apart_and_fail_nothing(tree, capsys):
    (tree / "tests" / "test_module.py").write_text("def test_score(found): pass\n")
    assert main([], root=tree) == 0
    assert "tests: 1 of 1 functions, 100.0%" in capsys.readouterr().out
