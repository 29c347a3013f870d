"""Sheets drawn: every picture once, in its place, on its scale."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from made_sheet import COLOUR, GREY, SHEET

from analysis.figures.pictures import draw_sheet, sheets
from searchspace.errors import UserError


def test_every_picture_has_its_place_and_scale():
    canvas = draw_sheet(SHEET)
    images_of_axes = [ax.images for ax in canvas.axes]
    pictures = [
        images for images in images_of_axes if images[0].get_array().shape[0] == GREY.shape[1]
    ]
    assert len(pictures) == 6
    np.testing.assert_allclose(pictures[0][0].get_array(), COLOUR[0])
    assert all(len(images) == 1 for images in pictures)
    blended = pictures[1 if len(pictures[1][0].get_array().shape) == 3 else 2][0].get_array()
    assert blended.shape == (5, 4, 3)
    changes = [images for images in pictures if images[-1].get_clim() == (-0.5, 0.5)]
    np.testing.assert_allclose([images[0].get_array() for images in changes], GREY - 0.5)
    words = {text.get_text() for ax in canvas.axes for text in ax.texts}
    assert {"first", "second", "p = 0.1", "p = 0.9", "HU", "attention", "-0.5", "0.5"} <= words


def test_a_run_without_pictures_has_no_sheets(whole_run):
    assert sheets(whole_run) == []


def test_all_sheets_together_have_a_bound(tmp_path, whole_run, monkeypatch):
    """Each within its own would add up: a stranger may put any number there."""
    run = replace(whole_run, folder=tmp_path)
    for number in range(3):
        SHEET.write(tmp_path / "pictures" / f"{number}-made.npz")
    assert len(sheets(run)) == 3
    with zipfile.ZipFile(tmp_path / "pictures" / "0-made.npz") as archive:
        whole = sum(member.file_size for member in archive.infolist())
    cells = sum(column.cells.nbytes // 2 for column in SHEET.columns)
    monkeypatch.setattr("analysis.figures.pictures.SCORES_BYTES", whole + cells)
    with pytest.raises(UserError, match=r"pictures/2-made\.npz are damaged \(it takes"):
        sheets(run)
