"""Subjects on disk: each split where it belongs, and the test subjects opened once."""

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.data.volumes import PADDED, RESAMPLED
from trainables.door import sharing
from trainables.runtime.config import parse
from trainables.synthesis.preparation import assets as module
from trainables.synthesis.preparation.assets import (
    SUBJECTS,
    TRIAL_SPLITS,
    draw_record,
    find_test,
    lookup_mae,
    mr_names,
    open_subjects,
    read_data,
    splits_of,
    write_data,
    write_test,
)
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import Split, SubjectSlices, digest_of, read_split


def settings_of(**values) -> SynthesisSettings:
    small = {"subjects": 8, "slices": 2, "size": 32, "device": "cpu"}
    return parse(SynthesisSettings, small | values)


def names_of(settings):
    splits = splits_of(draw_record(settings), settings)
    return {split: getattr(splits, split) for split in TRIAL_SPLITS}


def write(folder, settings, names=None):
    record = draw_record(settings)
    record.write(folder)
    return write_data(folder, settings, record, names or names_of(settings), lambda _: None)


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assets")
    write(folder, settings_of())
    return folder


def test_what_is_written_is_read_split_by_split(assets):
    names, data = names_of(settings_of()), read_data(assets)
    for split in TRIAL_SPLITS:
        subjects = getattr(data, split).subjects
        assert tuple(subject.name for subject in subjects) == names[split]
        assert {subject.mr.shape for subject in subjects} == {(2, 32, 32)}
    assert json.loads((assets / SUBJECTS).read_text()) == {
        split: list(subjects) for split, subjects in names.items()
    }


def test_the_digests_are_those_of_the_slices(assets, tmp_path):
    first, again, another = (
        write(tmp_path / str(number), settings_of(data_seed=seed)).digests
        for number, seed in enumerate((0, 0, 1))
    )
    assert set(first) == set(TRIAL_SPLITS)
    assert first == again
    assert set(first.values()).isdisjoint(another.values())


def test_a_single_slice_is_said(tmp_path):
    (line,) = write(tmp_path, settings_of(slices=1, subjects=4)).lines
    assert line.startswith("every subject has one slice")
    assert write(tmp_path / "deep", settings_of(subjects=4)).lines == ()


def test_a_cropped_head_is_said_by_its_share(tmp_path, monkeypatch):
    real = module.to_slices

    def crop(name, *rest):
        slices = real(name, *rest)
        return replace(slices, lost=0.3 if name == "p001" else 0.0)

    monkeypatch.setattr(module, "to_slices", crop)
    (line,) = write(tmp_path, settings_of(subjects=4)).lines
    assert line.startswith("1 heads reach beyond the field of 256 mm, the most cropped p001 (30%)")


def test_the_most_cropped_head_is_so_by_its_share_and_not_by_its_name(tmp_path, monkeypatch):
    lost = {"p000": 0.6, "p001": 0.08, "p002": 0.3}
    real = module.to_slices
    monkeypatch.setattr(
        module,
        "to_slices",
        lambda name, *rest: replace(real(name, *rest), lost=lost.get(name, 0.0)),
    )
    settings, names = settings_of(subjects=4), {"train": ("p000", "p001", "p002")}
    (line,) = write(tmp_path, settings, names).lines
    assert line.startswith("3 heads reach beyond")
    assert "the most cropped p000 (60%)" in line


def test_how_files_were_read_and_what_was_not_is_said(tmp_path):
    """Padding and a resampled mask of one subject, and two things that are no subjects."""
    folder, subjects = tmp_path / "data", phantom_subjects(6, 32, 2, 256.0, 0)
    write_nifti(subjects, folder, lambda _: None)
    volume = subjects[1].load()
    ct, mask = volume.ct.copy(), volume.mask.astype(np.float32)
    ct[:2], mask[16] = -3024, 0.5
    affine = np.diag([*volume.spacing, 1])
    nib.save(nib.Nifti1Image(ct, affine), folder / "p001" / "ct.nii.gz")
    nib.save(nib.Nifti1Image(mask, affine), folder / "p001" / "mask.nii.gz")
    (folder / "overview").mkdir()
    (folder / "overview" / "p001.png").touch()
    (folder / "flat_mr.nii.gz").touch()
    settings = settings_of(data=folder)
    names = {"train": tuple(subject.name for subject in subjects)}
    lines = write(tmp_path / "out", settings, names).lines
    assert lines == (
        f"p001: {PADDED}",
        f"p001: {RESAMPLED}",
        "not read, as no subject's mr and ct are in there: flat_mr.nii.gz, overview",
    )
    assert read_split(tmp_path / "out" / "train").subjects[1].ct.min() == -3024


def test_a_folder_is_read_as_the_same_slices_as_the_subjects_it_was_written_from(tmp_path):
    write_nifti(phantom_subjects(8, 32, 2, 256.0, 0), tmp_path / "data", lambda _: None)
    phantom = write(tmp_path / "made", settings_of())
    read = write(tmp_path / "read", settings_of(data=tmp_path / "data"))
    assert phantom.digests == read.digests
    assert read.lines == ()


def test_the_papers_subset_takes_its_subjects_from_the_training_ones():
    settings = settings_of(subjects=16)
    record = draw_record(settings)
    whole_splits = splits_of(record, settings)
    splits = splits_of(record, settings.model_copy(update={"subset": "paper"}))
    assert [len(getattr(splits, name)) for name in TRIAL_SPLITS] == [4, 1, 1]
    assert {*splits.train, *splits.val, *splits.ranking} <= set(whole_splits.train)
    assert splits.test == whole_splits.test


def test_the_owner_of_every_mr_is_known_by_its_digest(assets):
    names = mr_names(assets)
    data = read_data(assets)
    subjects = [*data.train.subjects, *data.val.subjects, *data.ranking.subjects]
    assert names == {digest_of(subject.mr): subject.name for subject in subjects}
    assert len(names) == len(subjects)


def test_test_subjects_are_written_once(assets, tmp_path, monkeypatch):
    write_test(settings_of(), assets, tmp_path, lambda _: None)
    subjects = module.read_split(tmp_path / "test").subjects
    expected = draw_record(settings_of()).splits.test
    assert tuple(subject.name for subject in subjects) == expected
    monkeypatch.setattr(module, "open_subjects", None)
    write_test(settings_of(), assets, tmp_path, lambda _: None)


def test_that_test_can_be_opened_is_known_before_anything_is_written(assets, tmp_path, monkeypatch):
    settings, folder = settings_of(), tmp_path / "confirm"
    find_test(settings, assets, folder, lambda _: None)
    name = draw_record(settings).splits.test[0]
    present = tuple(subject for subject in open_subjects(settings) if subject.name != name)
    monkeypatch.setattr(module, "open_subjects", lambda _: present)
    with pytest.raises(UserError, match=f"subject '{name}' is of the test split of this run, but"):
        find_test(settings, assets, folder, lambda _: None)
    assert not folder.exists()
    monkeypatch.undo()
    write_test(settings, assets, folder, lambda _: None)
    monkeypatch.setattr(module, "open_subjects", None)  # what was opened is not looked for
    find_test(settings, assets, folder, lambda _: None)


def test_a_test_subject_whose_mr_is_among_the_assets_is_refused(assets, tmp_path, monkeypatch):
    settings = settings_of()
    splits = draw_record(settings).splits
    name, copy = splits.test[0], splits.train[0]
    real = {subject.name: subject for subject in open_subjects(settings)}

    class Copy:
        def __init__(self, name):
            self.name, self.shape = name, real[name].shape

        def load(self):
            return real[copy].load()

        def digests(self):
            return real[name].digests()

    subjects = tuple(Copy(key) if key == name else subject for key, subject in real.items())
    monkeypatch.setattr(module, "open_subjects", lambda _: subjects)
    with pytest.raises(UserError, match=f"'{copy}' and '{name}' have the same MR"):
        write_test(settings, assets, tmp_path, lambda _: None)


def test_the_trivial_error_is_that_of_the_mean_ct_by_intensity():
    """Two greys of MR, two means of CT: what is left is each pixel's distance from its mean."""
    mr = np.repeat(np.array([0.0, 1.0], np.float16), 8).reshape(1, 4, 4)
    train_ct = np.where(mr > 0.5, 100, 0).astype(np.int16)
    ranking_ct = np.where(mr > 0.5, 130, -10).astype(np.int16)
    mask = np.ones((1, 4, 4), bool)
    train, ranking = (Split((SubjectSlices("s", mr, ct, mask),)) for ct in (train_ct, ranking_ct))
    assert lookup_mae(train, ranking) == pytest.approx(20, abs=0.5)


def test_at_most_so_many_slices_of_a_subject_rank_and_all_train(tmp_path):
    settings = settings_of(slices=6, rank_slices=2)
    record = draw_record(settings)
    names = {split: getattr(record.splits, split) for split in ("train", "val", "ranking")}
    write_data(tmp_path, settings, record, names, lambda _: None)
    data = read_data(tmp_path)
    assert {len(subject) for subject in data.val.subjects} == {2}
    assert {len(subject) for subject in data.ranking.subjects} == {2}
    assert {len(subject) for subject in data.train.subjects} == {6}


def test_two_runs_on_the_same_subjects_hold_their_slices_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "LEAST", 1000)
    monkeypatch.setattr(module, "LEAST", 1000)
    settings = settings_of(pool=tmp_path / "pool")
    for name in ("first", "second"):
        write(tmp_path / name, settings)
    files = [tmp_path / name / "train" / "0000_ct.npy" for name in ("first", "second")]
    assert files[0].samefile(files[1])
    assert read_data(tmp_path / "second").train.subjects[0].ct.shape == (2, 32, 32)
