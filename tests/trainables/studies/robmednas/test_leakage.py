"""The test subjects reach no search, and no subject of a search reaches test."""

import gzip
import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from voxels import voxels_of

from search.robmednas.final import full_settings
from search.robmednas.stability import _write_folds
from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.preparation.assets import (
    SUBJECTS,
    TRIAL_SPLITS,
    draw_record,
    open_subjects,
    write_test,
)
from trainables.synthesis.preparation.look import FILE as LOOK
from trainables.synthesis.preparation.record import FILE, read_record

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
    """Files and voxels are hashed, so that they are known again; nothing else is done with them."""
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


# Runs that start from others: whatever becomes of the folder in between

COUNT, MORE = 12, 6
CHANGES = ("repack", "repack", "convert", "add", "remove", "rename", "swap", "restore")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Heads as NIfTI: those that are there at first, and some that come later."""
    folder = tmp_path_factory.mktemp("library")
    write_nifti(phantom_subjects(COUNT + MORE, 8, 1, 256.0, 0), folder / "all", lambda _: None)
    return sorted((folder / "all").iterdir())


class Chain:
    """Runs, each of which starts from one before it, on a folder that people change."""

    def __init__(self, folder, library, rng):
        self.folder, self.data, self.library, self.rng = folder, folder / "data", library, rng
        self.runs = []  # settings, assets, items of the run and of those before it, what served
        self.tested = self.refused = 0
        self.restore()

    def change(self):
        """Change the folder in one of the ways in which people do."""
        getattr(self, self.rng.choice(CHANGES))()

    def one(self):
        folders = sorted(self.data.iterdir())
        return folders[self.rng.integers(len(folders))]

    def repack(self):
        for folder in self.data.iterdir():
            for file in folder.glob("*.nii.gz"):
                level = int(self.rng.integers(10))
                file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), level))

    def convert(self):
        for file in self.one().glob("*.nii.gz"):
            image = nib.load(file)
            values = np.flip(np.asarray(image.dataobj), 0).astype(np.float64)
            affine = image.affine.copy()
            affine[:3, 3] += affine[:3, 0] * (values.shape[0] - 1)
            affine[:3, 0] *= -1
            nib.save(nib.Nifti1Image(values, affine), file.with_suffix(""))
            file.unlink()

    def add(self):
        source = self.library[self.rng.integers(COUNT, COUNT + MORE)]
        shutil.copytree(source, self.data / f"a{source.name}", dirs_exist_ok=True)

    def remove(self):
        if len(list(self.data.iterdir())) > COUNT - 3:
            shutil.rmtree(self.one())

    def rename(self):
        folder = self.one()
        folder.rename(folder.with_name(f"{self.rng.choice(list('abyz'))}{folder.name}"))

    def swap(self):
        first, second = self.one(), self.one()
        first.rename(self.data.parent / "aside")
        if second != first:
            second.rename(first)
        (self.data.parent / "aside").rename(second)

    def restore(self):
        shutil.rmtree(self.data, ignore_errors=True)
        for source in self.library[:COUNT]:
            shutil.copytree(source, self.data / source.name)

    def start(self):
        """Prepare a run that starts from the last, as the engine does; it may be refused."""
        before = self.runs[-1] if self.runs else None
        values = {"data": self.data, "size": 8, "max_depth": 2, "device": "cpu"}
        values["data_seed"] = int(self.rng.integers(3))
        values["subset"] = "paper" if self.rng.random() < 0.3 else "all"
        settings = robmednas.parse_settings(values)
        assets = self.folder / f"run{self.rng.integers(2**32)}"
        try:
            robmednas.prepare(settings, assets, lambda _: None)
            robmednas.check_apart(assets, before["items"] if before else ())
        except UserError as error:
            self.refuse(error, "trained, chose or ranked in a run", "have the same", "give 11")
            return
        served = voxels_of(assets, TRIAL_SPLITS) | (before["served"] if before else set())
        items = {*robmednas.used_items(assets), *(before["items"] if before else ())}
        run = {"settings": settings, "assets": assets, "items": items, "served": served}
        self.runs.append(run)
        self.confirm(run)

    def test(self):
        """Confirm any run, on the folder as it is by then."""
        self.confirm(self.runs[self.rng.integers(len(self.runs))])

    def confirm(self, run):
        """Compare and test what a run chose, with folds, as `robmednas-final` does."""
        folder, record = (
            self.folder / f"final{self.rng.integers(2**32)}",
            read_record(run["assets"]),
        )
        settings = full_settings(run["settings"], 1, 0)
        try:
            robmednas.prepare_from(record, settings, folder / "assets", lambda _: None)
            folds = _write_folds(settings, folder, 2, lambda _: None)
            write_test(settings, folder / "assets", folder / "test", lambda _: None)
        except UserError as error:
            self.refuse(error, "put back what the search saw")
            return
        served = set(run["served"])
        for assets in (folder / "assets", *folds):
            served |= voxels_of(assets, TRIAL_SPLITS)
        tested = voxels_of(folder / "test", ["test"])
        assert json.loads((folder / "test" / SUBJECTS).read_text())["test"]
        assert served.isdisjoint(tested)
        self.tested += 1

    def refuse(self, error, *words):
        assert any(part in str(error) for part in words), error
        assert "\n" not in str(error)
        self.refused += 1


def test_no_sequence_of_runs_and_changes_brings_what_served_into_test(library, tmp_path):
    tested = refused = 0
    for seed in range(4):
        chain = Chain(tmp_path / str(seed), library, np.random.default_rng(seed))
        chain.start()
        for _ in range(9):
            step = chain.rng.choice(["change", "change", "start", "start", "test"])
            getattr(chain, step)()
        chain.test()
        tested, refused = tested + chain.tested, refused + chain.refused
    assert tested, "nothing was tested, so nothing was tried"
    assert refused
