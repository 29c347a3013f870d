"""Sheets of networks that predict CT: what they show is what was computed."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.threat import mr_deviations
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.report import Level, Rung
from trainables.synthesis.measurement import Measurement
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.prediction import predict
from trainables.synthesis.slices import to_hu

robmednas = RobMedNAS()

CPU = torch.device("cpu")
PROTOCOL = Measurement(attack="pgd", eps=(0.0, 0.1, 0.3), seed=0, batch_size=1)


class Affine(nn.Module):
    """Predicts w MR + b: each pixel's own."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, images):
        return self.weight * images


@pytest.fixture(scope="module")
def sheet(heads):
    networks = {"flat": Affine(0.01), "steep": Affine(0.5)}
    return draw_predictions(networks, heads.data.train, PROTOCOL, CPU)


def test_rows_are_subjects_and_below_them_networks(sheet, heads):
    names = [subject.name for subject in heads.data.train.subjects[:2]]
    assert sheet.rows == tuple(f"{name}\n{label}" for name in names for label in ("flat", "steep"))


def test_mr_and_ct_are_the_widest_slice_and_predictions_those_of_the_network(sheet, heads):
    mr, ct, prediction, error, attacked, harmed, error_attacked = sheet.columns
    for number, subject in enumerate(heads.data.train.subjects[:2]):
        z = subject.mask.sum(axis=(1, 2)).argmax()
        for row, weight in ((2 * number, 0.01), (2 * number + 1, 0.5)):
            np.testing.assert_array_equal(mr.cells[row], subject.mr[z].astype(np.float32))
            np.testing.assert_array_equal(ct.cells[row], subject.ct[z])
            expected = to_hu(torch.tensor(weight * subject.mr[z].astype(np.float32)))
            np.testing.assert_allclose(prediction.cells[row], expected, rtol=1e-4, atol=1e-2)
            mae = np.abs(error.cells[row][subject.mask[z]]).mean()
            assert error.notes[row] == f"{mae:.0f} HU"
            inputs = torch.tensor(attacked.cells[row])[None, None]
            np.testing.assert_allclose(
                harmed.cells[row], predict(Affine(weight), inputs)[0], rtol=1e-4, atol=1e-2
            )
    np.testing.assert_array_equal(error.cells, prediction.cells - ct.cells)
    np.testing.assert_array_equal(error_attacked.cells, harmed.cells - ct.cells)


def test_attacks_stay_within_the_middle_radius_and_harm(sheet):
    mr, _, _, error, attacked, _, error_attacked = sheet.columns
    moved = np.abs(attacked.cells - mr.cells)
    assert 0 < moved.max() <= mr_deviations(0.1).eps + 1e-6
    before, after = (
        [int(note.split()[0]) for note in column.notes] for column in (error, error_attacked)
    )
    assert all(np.array(after) > np.array(before))


def test_a_run_shows_winner_and_baselines(heads, tmp_path):
    for name in ("winner", "baseline"):
        trial = heads.trial()
        trial.advance(Rung(1, "m", Level("fgsm", None, 1, (0.0, 0.1), images=1)))
        trial.save(tmp_path / name)
    models = {name: tmp_path / name for name in ("baseline", "winner")}
    (sheet,) = robmednas.illustrate(models, heads.assets, heads.settings)
    assert [name.splitlines()[1] for name in sheet.rows[:2]] == ["winner", "baseline"]
    assert {name.splitlines()[0] for name in sheet.rows} <= {
        subject.name for subject in heads.data.val.subjects
    }
