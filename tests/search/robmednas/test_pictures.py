"""Figures 3 to 5: every network has a row for each subject, and errors are drawn around 0."""

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.image import imread
from torch import nn

from search.robmednas import pictures
from search.robmednas.pictures import (
    CANDIDATES,
    FIGURE,
    draw_figures,
    draw_spread,
    means_of,
    spread,
)
from search.robmednas.sources import BASELINE, Candidate
from searchspace.errors import UserError
from trainables.synthesis.about import REGIONS
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


def scores_of(candidates, subjects=3):
    """Make scores: the value is the candidate's number, and the subject's on top."""
    return pd.DataFrame(
        [
            (f"c{number}", row, kind, f"s{subject}", f"{measure}_{region}", number + subject)
            for number, row in enumerate(candidates)
            for kind in ("clean", "pgd")
            for subject in range(subjects)
            for measure in ("dice", "mae")
            for region in REGIONS
        ],
        columns=["candidate", "row", "kind", "subject", "score", "value"],
    )


def test_candidates_are_averaged_over_subjects_and_stay_apart():
    means = means_of(scores_of(["RobMedNAS-T", "RobMedNAS-T", "Random"]))
    bone = means[(means["score"] == "mae_bone") & (means["kind"] == "pgd")]
    assert bone[["row", "candidate", "value"]].to_numpy().tolist() == [
        ["RobMedNAS-T", "c0", 1.0], ["RobMedNAS-T", "c1", 2.0], ["Random", "c2", 3.0],
    ]  # fmt: skip


def test_the_picture_has_a_panel_for_each_region_and_measure(tmp_path):
    means = means_of(scores_of(["Random", "Random", "RobMedNAS-R", BASELINE]))  # R of one
    draw_spread(means, tmp_path / FIGURE)
    page = imread(tmp_path / FIGURE)
    assert page.shape[:2] == (672, 1320)
    assert np.ptp(page[..., :3]) > 0.5


def test_every_candidate_is_scored_once(tmp_path, monkeypatch):
    scored = []

    def score(networks, split, conditions, seed):
        ((row, network),) = networks.items()
        scored.append((row, network, [condition.kind for condition in conditions]))
        frame = scores_of([row]).drop(columns="candidate").assign(strength=0.0)
        return frame.to_dict("records")

    monkeypatch.setattr(pictures, "score", score)
    monkeypatch.setattr(pictures, "load_unet", lambda folder: (folder.name, None))
    monkeypatch.setattr(pictures, "draw_spread", lambda means, file: None)
    candidates = [
        Candidate("t-1", "RobMedNAS-T", {}), Candidate("t-2", "RobMedNAS-T", {}),
        Candidate("own", "module:Mine", {}), Candidate("baseline", BASELINE, {}),
    ]  # fmt: skip
    for _ in range(2):
        assert spread(tmp_path, candidates, None, 0.06) == tmp_path / FIGURE
    assert [network for _, network, _ in scored] == ["t-1", "t-2", "baseline"]
    assert scored[0][2] == ["clean", "pgd"]
    assert set(pd.read_csv(tmp_path / CANDIDATES)["candidate"]) == {"t-1", "t-2", "baseline"}
