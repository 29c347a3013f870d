"""Who touches what: proved by changing one split and looking at what else changes."""

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
import torch

from trainables.data.head_phantom import write_nifti
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.report import Rung
from trainables.synthesis.assets import TRIAL_SPLITS, make_splits, open_subjects

robmednas = RobMedNAS()

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


def spoilt(heads, folder, split):
    """Copy the assets, with the CT of one split turned to nonsense."""

    shutil.copytree(heads.assets, folder)
    for file in sorted((folder / split).glob("*_ct.npy")):
        ct = np.load(file, allow_pickle=False)
        np.save(file, ct[:, ::-1].copy(), allow_pickle=False)
    return folder


def train(heads, assets):
    trial = robmednas.build({"architecture": TINY, "lr": 3e-3}, heads.settings, assets)
    report = trial.advance(Rung(3, "m"))
    return trial.best, report


def same(a, b):
    return all(torch.equal(a.weights[name], b.weights[name]) for name in a.weights)


@pytest.fixture(scope="module")
def untouched(heads):
    return train(heads, heads.assets)


def test_no_test_subject_is_in_the_assets(heads):
    splits = make_splits(heads.settings, open_subjects(heads.settings))
    written = {split: json.loads((heads.assets / split / "subjects.json").read_text())
               for split in TRIAL_SPLITS}  # fmt: skip
    assert {name for names in written.values() for name in names}.isdisjoint(splits.test)
    assert not (heads.assets / "test").exists()
    assert {path.name for path in heads.assets.iterdir()} == {*TRIAL_SPLITS, "subjects.json"}


def test_a_test_subject_that_cannot_be_read_stops_no_search(tmp_path):
    """Test is read once, at the end: nothing of it is opened before."""
    folder = tmp_path / "data"
    phantom = robmednas.parse_settings({"subjects": 8, "slices": 1, "size": 32, "device": "cpu"})
    write_nifti(open_subjects(phantom), folder, lambda _: None)
    settings = phantom.model_copy(update={"data": folder})
    splits = make_splits(settings, open_subjects(settings))
    first = robmednas.prepare(settings, tmp_path / "a", lambda _: None)
    for name in splits.test:
        file = folder / name / "ct.nii.gz"
        image = nib.load(file)
        ct = np.asarray(image.dataobj) + 100
        nib.save(nib.Nifti1Image(ct.astype(np.int16), image.affine), file)
    again = robmednas.prepare(settings, tmp_path / "b", lambda _: None)
    assert first.digests == again.digests
