"""The house rules for files, functions, docstrings and tests: each is broken once and noticed."""

import ast

import check_layout
import pytest
from check_layout import MODULES_PER_FOLDER, check, code_lines, lacks_args, main
from sources import PACKAGES

FUNCTION = '''def score(trial, epoch, seed):
    """Score a trial.

    Args:
        trial: Which.
        epoch: When.
        seed: How.
    """
'''
TEST = "def test_score(): pass\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A made repository that keeps every rule."""
    monkeypatch.setattr(check_layout, "UNTESTED", {})
    for package in PACKAGES:
        for folder in (tmp_path / package, tmp_path / "tests" / package):
            (folder / "engine").mkdir(parents=True)
        (tmp_path / package / "__init__.py").write_text('"""A package."""\n')
        (tmp_path / package / "engine" / "trial.py").write_text(FUNCTION)
        (tmp_path / "tests" / package / "engine" / "test_trial.py").write_text(
            "def test_it(): pass\n"
        )
    return tmp_path


def lines(tree) -> list[str]:
    return [str(breach) for breach in check(tree)]


def test_a_tree_that_keeps_the_rules_passes(tree, capsys):
    assert main([], root=tree) == 0
    assert not capsys.readouterr().out


def test_a_thirteenth_module_is_one_too_many(tree):
    folder = tree / "search" / "engine"
    for name in ("__init__", "__main__", *(f"m{index}" for index in range(MODULES_PER_FOLDER - 1))):
        (folder / f"{name}.py").touch()
        (tree / "tests" / "search" / "engine" / f"test_{name}.py").write_text(TEST)
    assert lines(tree) == []
    (folder / "thirteenth.py").touch()
    (tree / "tests" / "search" / "engine" / "test_thirteenth.py").write_text(TEST)
    assert lines(tree) == ["search/engine: 13 modules, more than 12"]


def test_a_file_of_401_lines_is_too_long(tree):
    path = tree / "search" / "engine" / "trial.py"
    path.write_text("\n" * 400)
    assert lines(tree) == []
    path.write_text("\n" * 401)
    assert lines(tree) == ["search/engine/trial.py: 401 lines, more than 400"]


def test_a_function_of_41_lines_is_too_long_and_its_docstring_is_free(tree):
    path = tree / "search" / "engine" / "trial.py"
    body = '    """Score.\n\n    At length.\n    """\n' + "    x = 1\n" * 39
    path.write_text(f"def score():\n{body}")
    assert lines(tree) == []
    path.write_text(f"def score():\n{body}    x = 1\n")
    assert lines(tree) == ["search/engine/trial.py:1: score has 41 lines, more than 40"]


def test_decorators_are_no_lines_of_the_function():
    (function,) = ast.parse("@cache\n@other\ndef score():\n    pass\n").body
    assert code_lines(function) == 2


def lacks(source) -> bool:
    (function,) = ast.parse(source).body
    return lacks_args(function)


@pytest.mark.parametrize("parameters", ["a, b, c", "self, a, b, c", "a, *, b, c", "a, *b, **c"])
def test_three_parameters_want_an_args_section(parameters):
    assert lacks(f'def score({parameters}):\n    """Score."""')
    assert lacks(f'def score({parameters}):\n    """Score. Args: none."""')
    assert not lacks(
        f'def score({parameters}):\n    """Score.\n\n    Args:\n        a: A.\n    """'
    )


@pytest.mark.parametrize(
    "source",
    [
        "def score(self, a, b): pass",
        "def score(cls, a, b): pass",
        "@override\ndef score(a, b, c): pass",
        "@typing.overload\ndef score(a, b, c): pass",
        "def command(a: Annotated[int, typer.Option(help='A.')], b, c): pass",
    ],
)
def test_what_needs_no_args_section(source):
    assert not lacks(source)


@pytest.mark.parametrize(
    ("source", "public"),
    [
        ("def score(a, b, c): pass", True),
        ("class Trial:\n    def score(self, a, b, c): pass", True),
        ("if True:\n    def score(a, b, c): pass", True),
        ("def _score(a, b, c): pass", False),
        ("class _Trial:\n    def score(self, a, b, c): pass", False),
        ("def outer():\n    def score(a, b, c): pass", False),
    ],
)
def test_only_public_functions_are_asked(tree, source, public):
    (tree / "search" / "engine" / "trial.py").write_text(source)
    assert [breach.rule for breach in check(tree)] == ["args"] * public


def test_a_module_without_a_mirrored_test_is_noticed(tree):
    mirror = tree / "tests" / "analysis" / "engine" / "test_trial.py"
    mirror.write_text('"""Nothing here."""\n')
    assert lines(tree) == ["tests/analysis/engine/test_trial.py: holds no test"]
    mirror.unlink()
    assert lines(tree) == ["analysis/engine/trial.py: has no tests/analysis/engine/test_trial.py"]


def test_an_exception_is_granted_as_long_as_its_module_exists(tree, monkeypatch):
    (tree / "tests" / "analysis" / "engine" / "test_trial.py").unlink()
    monkeypatch.setattr(check_layout, "UNTESTED", {"analysis/engine/trial.py": "a reason"})
    assert lines(tree) == []
    monkeypatch.setattr(check_layout, "UNTESTED", {"analysis/engine/gone.py": "a reason"})
    assert "analysis/engine/gone.py: is named in UNTESTED and does not exist" in lines(tree)


def test_an_init_holds_a_docstring_only(tree):
    (tree / "search" / "__init__.py").write_text('"""A package."""\nimport os\n')
    (tree / "analysis" / "__init__.py").write_text("import os\n")
    (tree / "searchspace" / "__init__.py").write_text("")
    assert sorted(lines(tree)) == [
        "analysis/__init__.py: holds more than a docstring",
        "search/__init__.py: holds more than a docstring",
    ]


def test_the_summary_counts_by_rule_and_fails_too(tree, capsys):
    (tree / "tests" / "analysis" / "engine" / "test_trial.py").unlink()
    assert main(["--summary"], root=tree) == 1
    assert capsys.readouterr().out == "mirror: 1\n"
