"""Sheets drawn: every picture once, in its place, on its scale."""

import numpy as np
import pytest
from make_run import Made, make_run

from analysis.export import export
from analysis.figures.pictures import draw_sheet, sheets
from analysis.load import load
from analysis.report.page import report
from searchspace.errors import UserError
from trainables.study.sheet import Column, Sheet

DICE = np.random.default_rng(0)
GREY, COLOUR = DICE.random((2, 5, 4), np.float32), DICE.random((2, 5, 4, 3), np.float32)
SHEET = Sheet(
    "some_pictures",
    "Some <pictures>",
    "How they were made.",
    ("first", "second"),
    (
        Column("image", COLOUR),
        Column("map", GREY, "heat", unit="attention", notes=("p = 0.1", "p = 0.9")),
        Column("change", GREY - 0.5, "signed", high=0.5, unit="HU"),
    ),
)


@pytest.fixture
def run(tmp_path):
    folder = make_run(tmp_path / "run", [Made("r01", "baseline"), Made("t001")])
    SHEET.write(folder / "pictures" / "1-some.npz")
    return load(folder)


def test_every_picture_has_its_place_and_scale():
    drawn = draw_sheet(SHEET)
    shown = [ax.images for ax in drawn.axes]
    pictures = [images for images in shown if images[0].get_array().shape[0] == GREY.shape[1]]
    assert len(pictures) == 6
    np.testing.assert_allclose(pictures[0][0].get_array(), COLOUR[0])
    assert all(len(images) == 1 for images in pictures)
    blended = pictures[1 if len(pictures[1][0].get_array().shape) == 3 else 2][0].get_array()
    assert blended.shape == (5, 4, 3)
    changes = [images for images in pictures if images[-1].get_clim() == (-0.5, 0.5)]
    np.testing.assert_allclose([one[0].get_array() for one in changes], GREY - 0.5)
    words = {text.get_text() for ax in drawn.axes for text in ax.texts}
    assert {"first", "second", "p = 0.1", "p = 0.9", "HU", "attention", "-0.5", "0.5"} <= words


def test_the_page_shows_them_and_their_files_are_beside_it(run, tmp_path):
    written = export(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert {"some_pictures.png", "some_pictures.svg"} <= set(written)
    assert '<section id="pictures">' in page or 'id="pictures"' in page
    assert "Some &lt;pictures&gt;" in page
    assert "How they were made." in page
    assert page.count("<image") >= 6


def test_a_run_without_pictures_has_no_section(many):
    assert sheets(many) == []
    assert 'id="pictures"' not in report(many, [])


def test_damaged_pictures_are_said(run):
    (run.folder / "pictures" / "1-some.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="damaged"):
        report(run, [])
