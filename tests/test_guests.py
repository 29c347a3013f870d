"""A study is a guest: nothing but its own folders, and its row, knows it by name."""

import ast
import re
from pathlib import Path

import pytest
from places import ROOT

from search.studies import STUDIES

PACKAGES = ("searchspace", "trainables", "search", "analysis")
CITATION = re.compile(r"\[[^\[\]]*\]")  # [robmednas, section 2] names a paper, as a key of the .bib


def is_its_own(path: Path, study: str) -> bool:
    """Tell whether a file is the row, the space, or in a folder of the study's name."""
    inside = path.relative_to(ROOT)
    return (
        inside == Path("search", "studies.py")
        or inside == Path("searchspace", "studies", f"{study}.py")
        or study in inside.parts[:-1]
    )


def words_of(source: str) -> list[tuple[int, str]]:
    """List every name and text of a module with its line; citations are left out of texts."""
    words = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Constant(str(text)):
                words.append((line, CITATION.sub("", text)))
            case ast.Name(name) | ast.arg(name) | ast.alias(name) | ast.keyword(name):
                words.append((line, name or ""))
            case ast.Attribute(_, name):
                words.append((line, name))
            case ast.ImportFrom(module):
                words.append((line, module or ""))
            case ast.FunctionDef(name) | ast.ClassDef(name):
                words.append((line, name))
    return words


def mentions(source: str, study: str) -> list[int]:
    """List the lines of a module that name a study."""
    return [line for line, word in words_of(source) if study in word.lower().replace("-", "_")]


@pytest.mark.parametrize("study", STUDIES)
def test_nothing_else_names_a_study(study):
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 200
    named = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        if not is_its_own(path, study)
        for line in mentions(path.read_text(encoding="utf-8"), study)
    }
    assert not named


@pytest.mark.parametrize(
    "source",
    [
        "import trainables.studies.tsynd.study",
        "from searchspace.studies.tsynd import SPACE", "x = 'TSynD'",
        "def tsynd(): ...", "a.tsynd", '"""Where TSynD starts."""', "f(tsynd=1)",
    ],
)  # fmt: skip
def test_a_name_is_seen_wherever_it_stands(source):
    assert mentions(source, "tsynd")


def test_a_citation_is_none():
    assert not mentions('"""Dropout before the last layer [tsynd, section 3.1]."""', "tsynd")


def test_the_spaces_and_folders_of_a_study_bear_its_name():
    for study in STUDIES:
        assert (ROOT / "searchspace" / "studies" / f"{study}.py").is_file()
        assert (ROOT / "trainables" / "studies" / study).is_dir()
    folders = {path.name for path in (ROOT / "trainables" / "studies").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(STUDIES)
