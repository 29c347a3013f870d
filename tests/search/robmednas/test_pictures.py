"""Figures 3 and 4: every network has a row for each subject, and errors are drawn around 0."""

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from torch import nn

from search.robmednas import pictures
from search.robmednas.pictures import draw_figures
from searchspace.errors import UserError
from trainables.synthesis.slices import Split, SubjectSlices


class Scale(nn.Module):
    """Predicts w times the MR."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, images):
        return self.weight * images


def heads(count=2, size=16):
    rng = np.random.default_rng(0)
    mr = rng.normal(size=(1, size, size)).astype(np.float16)
    ct = (250 + 2500 * 0.1 * mr).astype(np.int16)
    mask = np.ones(mr.shape, dtype=bool)
    return Split(tuple(SubjectSlices(f"s{k}", mr, ct, mask) for k in range(count)))


def test_rows_of_two_networks_are_drawn_side_by_side(tmp_path, monkeypatch):
    sheets = []
    render = pictures._render
    monkeypatch.setattr(
        pictures, "_render", lambda sheet, file: (sheets.append(sheet), render(sheet, file))
    )
    file = draw_figures(tmp_path, {"R": Scale(0.1), "T": Scale(0.2)}, heads(), 0.06, 0)
    page = imread(file)
    assert page.shape[0] > 4 * pictures.INCHES * pictures.DPI * 0.9
    (sheet,) = sheets
    assert sheet.rows == ("s0\nR", "s0\nT", "s1\nR", "s1\nT")
    assert "Subjects of test" in sheet.caption
    errors = next(column for column in sheet.columns if column.scale == "signed")
    assert np.abs(errors.cells[0]).max() < 2  # R predicts the truth, up to rounding
    assert np.abs(errors.cells[1]).max() > 100


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="figures_3_4"):
        draw_figures(tmp_path / "file", {"R": Scale(0.1)}, heads(1), 0.06, 0)
