"""Tables and figures of a run, into files."""

import pandas as pd
import pytest
from made_sheet import SHEET
from make_run import Blueprint
from matplotlib.figure import Figure

from analysis import export
from searchspace.errors import UserError


@pytest.fixture
def run(build):
    return build(Blueprint("r01", "baseline"), Blueprint("t001"))


@pytest.fixture
def quick(monkeypatch):
    """One table and one figure, and a page that lists the files."""
    monkeypatch.setattr(export, "TABLES", {"numbers": lambda _: pd.DataFrame({"n": [1.5, None]})})
    monkeypatch.setattr(export, "NUMBERS", {})
    monkeypatch.setattr(export, "FIGURES", {"drawing": None})
    monkeypatch.setattr(export, "figure", lambda *_: Figure())
    monkeypatch.setattr(export, "overview", lambda _: Figure())
    monkeypatch.setattr(export, "report", lambda _, names: " ".join(names))


def test_the_page_comes_first_and_knows_the_files(run, quick, tmp_path):
    files = export.export(run, tmp_path / "deep" / "out")
    assert files[0] == export.REPORT
    assert files[1:] == [
        "numbers.csv",
        "drawing.png",
        "drawing.svg",
        "overview.png",
        "overview.svg",
    ]
    assert {file.name for file in (tmp_path / "deep" / "out").iterdir()} == {*files}
    assert (tmp_path / "deep" / "out" / export.REPORT).read_text() == " ".join(files[1:])


def test_tables_have_no_index_and_plain_line_ends(run, quick, tmp_path):
    export.export(run, tmp_path / "out")
    assert (tmp_path / "out" / "numbers.csv").read_bytes() == b'n\n1.5\n""\n'


def test_figures_are_pictures_of_both_kinds(run, quick, tmp_path):
    export.export(run, tmp_path / "out")
    assert (tmp_path / "out" / "drawing.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "out" / "drawing.svg").read_text()


def test_pictures_of_a_run_have_files_of_their_own(run, quick, tmp_path):
    SHEET.write(run.folder / "pictures" / "1-some.npz")
    files = export.export(run, tmp_path / "out")
    assert {"some_pictures.png", "some_pictures.svg"} <= {*files}


def test_a_folder_that_cannot_be_written_is_said(run, quick, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        export.export(run, tmp_path / "file")
    with pytest.raises(UserError, match="cannot write"):
        export.export_comparison([run, run], [tmp_path, tmp_path], tmp_path / "file")
