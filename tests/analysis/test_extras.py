"""What a study adds to the analysis is found by its name."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from make_run import Blueprint
from matplotlib.figure import Figure

import analysis.studies
from analysis import export
from analysis.extras import Exhibit, Extras, all_extras, exhibits, extras_of
from analysis.numbers.frames import hyperparameters
from analysis.report.sections.claim import claim

PACKAGE = Path(analysis.studies.__path__[0])
NAMES = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()}
TABLE = pd.DataFrame({"layer": ["first", "second"], "width": [8, 16], "kind": [0, 1]})
EXHIBIT = Exhibit(
    name="network",
    title="The network.",
    alt="Two layers",
    caption="Its layers",
    draw=Figure,
    table=TABLE,
    cells=TABLE.assign(kind=["narrow", "wide"]),
)


@pytest.fixture
def guest(monkeypatch, tmp_path):
    """A study that brings extras, as a folder of its name beside those of the package."""
    folder = tmp_path / "guests" / "tsynd"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""A guest."""\n')
    monkeypatch.setattr(analysis.studies, "__path__", [str(tmp_path / "guests")])
    module = ModuleType("analysis.studies.tsynd.extras")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.EXTRAS = Extras(
        settings=lambda _, settings: settings.assign(width=range(len(settings))),
        exhibits=(lambda run: EXHIBIT if run.winner else None,),
        experiments={"widths.csv": lambda _: Figure()},
    )
    extras_of.cache_clear()
    yield module.EXTRAS
    extras_of.cache_clear()
    sys.modules.pop("analysis.studies.tsynd", None)


def test_a_study_without_a_folder_adds_nothing():
    for study in ("tsynd", "nowhere", "no name", "../robmednas", ""):
        assert extras_of(study) == Extras()


def test_every_folder_has_extras():
    assert NAMES
    assert len(list(all_extras())) == len(NAMES)
    assert all(extras_of(name) != Extras() for name in NAMES)


def test_nothing_else_imports_what_a_study_adds():
    files = [file for file in PACKAGE.parent.rglob("*.py") if PACKAGE not in file.parents]
    assert files
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [name for name in modules if (name or "").startswith("analysis.studies.")], file


@pytest.fixture
def run(build):
    return build(*(Blueprint(f"t00{number}") for number in (1, 2, 3)))


def test_numbers_that_a_study_adds_are_hyperparameters(guest, run):
    assert set(hyperparameters(run)["name"]) == {"width"}


def test_exhibits_of_a_study_have_files(guest, run, tmp_path, monkeypatch):
    for name in ("FIGURES", "TABLES", "NUMBERS"):
        monkeypatch.setattr(export, name, {})
    monkeypatch.setattr(export, "overview", lambda _: Figure())
    monkeypatch.setattr(export, "report", lambda *_: "")
    files = export.export(run, tmp_path)
    assert {"network.csv", "network.png", "network.svg"} <= {*files}
    assert pd.read_csv(tmp_path / "network.csv")["width"].tolist() == [8, 16]


def test_exhibits_of_a_study_are_in_the_claim(guest, run):
    body = claim(run).body
    assert '<title id="network-alt">Two layers</title>' in body
    assert '<td class="number">16</td>' in body
    assert "<td>narrow</td>" in body


def test_nothing_is_shown_where_a_study_has_nothing_to_show(guest, build):
    assert exhibits(build(Blueprint("t001", violation=0.1))) == []


def test_experiments_are_found_by_their_file(guest, tmp_path):
    (tmp_path / "widths.csv").touch()
    assert export.export_experiments(tmp_path, tmp_path) == ["widths.png", "widths.svg"]
