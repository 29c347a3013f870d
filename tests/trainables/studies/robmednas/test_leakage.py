"""The test subjects reach no search."""

import json

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.phantoms.heads import write_nifti
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.preparation.assets import TRIAL_SPLITS, draw_record, open_subjects
from trainables.synthesis.preparation.look import FILE as LOOK
from trainables.synthesis.preparation.record import FILE

robmednas = RobMedNAS()


def test_no_test_subject_is_in_the_assets(heads):
    splits = draw_record(heads.settings).splits
    written = {split: json.loads((heads.assets / split / "subjects.json").read_text())
               for split in TRIAL_SPLITS}  # fmt: skip
    assert {name for names in written.values() for name in names}.isdisjoint(splits.test)
    assert not (heads.assets / "test").exists()
    files = {"subjects.json", FILE, LOOK}  # the last shows subjects that train
    assert {path.name for path in heads.assets.iterdir()} == {*TRIAL_SPLITS, *files}


def test_nothing_that_test_subjects_show_changes_a_search(tmp_path):
    """Their files are hashed, so that they are known again; no voxel is looked at."""
    folder = tmp_path / "data"
    phantom = robmednas.parse_settings({"subjects": 8, "slices": 1, "size": 32, "device": "cpu"})
    write_nifti(open_subjects(phantom), folder, lambda _: None)
    settings = phantom.model_copy(update={"data": folder})
    splits = draw_record(settings).splits
    first = robmednas.prepare(settings, tmp_path / "a", lambda _: None)
    for name in splits.test:
        file = folder / name / "ct.nii.gz"
        image = nib.load(file)
        ct = np.asarray(image.dataobj) + 100
        nib.save(nib.Nifti1Image(ct.astype(np.int16), image.affine), file)
    again = robmednas.prepare(settings, tmp_path / "b", lambda _: None)
    before, after = first.digests, again.digests
    assert before.pop("subjects") != after.pop("subjects")
    assert before == after


def test_a_site_of_test_is_tested_and_nothing_else(tmp_path):
    settings = robmednas.parse_settings({"subjects": 20, "slices": 1, "size": 32, "device": "cpu"})
    names = sorted(subject.name for subject in open_subjects(settings))
    site = names[-1][:-1]  # ten of them have the same digit before the last
    apart = settings.model_copy(update={"test_site": f"{site}0, {site}"})  # as one writes a list
    facts = robmednas.prepare(apart, tmp_path, lambda _: None)
    assert draw_record(apart).splits.test == tuple(n for n in names if n.startswith(site))
    for split in TRIAL_SPLITS:
        written = json.loads((tmp_path / split / "subjects.json").read_text())
        assert written
        assert not [name for name in written if name.startswith(site)]
    assert any(f"begin with {site}0 or {site}" in line for line in facts.lines)


def test_a_site_cannot_rank_in_the_papers_subset_which_would_leave_it_out():
    settings = robmednas.parse_settings({"subset": "paper", "ranking_site": "phantom"})
    with pytest.raises(UserError, match="give --subset all or no site"):
        draw_record(settings)
