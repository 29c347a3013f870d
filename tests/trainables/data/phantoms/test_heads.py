"""Heads made here."""

import errno
import hashlib

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.data.volumes import Volume, open_folder
from trainables.metrics.synthesis import measure, truth_of
from trainables.models.intensity_map import IntensityMap


def heads(count, size=64, slices=3, seed=0):
    return phantom_subjects(count, size, slices, 256.0, seed)


def test_a_head_is_the_same_however_many_there_are():
    of_two, of_nine = heads(2)[1].load(), heads(9)[1].load()
    for part in ("mr", "ct", "mask"):
        np.testing.assert_array_equal(getattr(of_two, part), getattr(of_nine, part))
    assert not np.array_equal(of_two.mr, heads(2)[0].load().mr)
    assert not np.array_equal(of_two.mr, heads(2, seed=1)[1].load().mr)


def test_same_heads_on_every_machine():
    # Pinned: when the phantom is changed on purpose, change this, and rerun what rests on it.
    sha = hashlib.sha256()
    for subject in heads(4, 64, 3):
        head = subject.load()
        for part in (head.mr, head.ct, head.mask):
            sha.update(np.ascontiguousarray(part).tobytes())
    assert sha.hexdigest() == "6d81122ea7be6f586f9eb3d282bf54b5c84e0856af1f1740cc296b1c3d5071ae"


@pytest.mark.parametrize(("size", "slices"), [(64, 3), (32, 1), (96, 2)])
def test_shapes_units_and_tissues(size, slices):
    for subject in heads(6, size, slices):
        head = subject.load()
        assert head.mr.shape == head.ct.shape == head.mask.shape == (size, size, slices)
        assert head.mr.dtype == head.ct.dtype == np.float32
        assert head.spacing[:2] == (256 / size, 256 / size)
        assert -1100 < head.ct.min() < -950
        assert 500 < head.ct.max() < 1600
        assert 0.1 < head.mask.mean() < 0.6
        brain = head.ct[size // 2, size // 2]
        assert (np.abs(brain - 25) < 120).all()
        frame = np.concatenate([head.mask[[0, -1]].ravel(), head.mask[:, [0, -1]].ravel()])
        assert not frame.any()
        assert head.ct[~head.mask].mean() < -900


def test_mr_does_not_determine_hu_pixel_by_pixel():
    """Dense bone and air are both dark in MR, marrow and white matter both bright."""
    volumes = [subject.load() for subject in heads(12)]
    scaled = [(head.mr - head.mr.mean()) / head.mr.std() for head in volumes]
    train = zip(scaled[:8], (v.ct for v in volumes[:8]), (v.mask for v in volumes[:8]), strict=True)
    fitted = IntensityMap.fit(train)
    errors = []
    for mr, head in zip(scaled[8:], volumes[8:], strict=True):
        ct, mask = (np.moveaxis(part, 2, 0) for part in (head.ct, head.mask))
        errors.append(measure(np.moveaxis(fitted.predict(mr), 2, 0), truth_of(ct, mask)))
    assert np.mean([error["mae_head"] for error in errors]) > 100
    assert np.mean([error["mae_bone"] for error in errors]) > 300


def test_nifti_reads_back_to_the_same_arrays(tmp_path):
    said = []
    subjects = heads(3, 32, 2)
    write_nifti(subjects, tmp_path / "data", said.append)
    copies = open_folder(tmp_path / "data")
    assert [subject.name for subject in copies] == ["p000", "p001", "p002"]
    for original, copy in zip(subjects, copies, strict=True):
        a, b = original.load(), copy.load()
        for part in ("mr", "ct", "mask"):
            np.testing.assert_array_equal(getattr(a, part), getattr(b, part))
        assert b.spacing == pytest.approx(a.spacing, rel=1e-6)
    assert "3 subjects" in said[0]


class Synthetic:
    name = "made"

    def __init__(self, ct):
        mr = np.arange(ct.size, dtype=np.float32).reshape(ct.shape)
        self.volume = Volume(mr, ct.astype(np.float32), None, (1.0, 1.0, 2.0))

    def load(self):
        return self.volume


@pytest.mark.parametrize(
    ("values", "kind"),
    [((-1024, 32767), np.int16), ((-1000, 300.5), np.float32), ((-1000, 32768), np.float32)],
)
def test_ct_is_written_small_only_where_nothing_is_lost(tmp_path, values, kind):
    subject = Synthetic(np.resize(values, (3, 4, 2)))
    write_nifti([subject], tmp_path, lambda _: None)
    assert nib.load(tmp_path / "made" / "ct.nii.gz").get_data_dtype() == kind
    read = open_folder(tmp_path)[0].load()
    np.testing.assert_array_equal(read.ct, subject.volume.ct)
    assert read.mask is None


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(image, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nib, "save", full)
    with pytest.raises(UserError, match=r"^cannot write to .*: No space left on device$"):
        write_nifti(heads(1, 16, 1), tmp_path, print)


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(UserError, match="is not empty"):
        write_nifti(heads(1), tmp_path, print)


def test_a_place_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to"):
        write_nifti(heads(1), tmp_path / "file" / "data", print)


def test_digests_tell_heads_apart_without_making_them():
    heads = [*phantom_subjects(3, 32, 1, 256.0, 0), *phantom_subjects(2, 32, 1, 256.0, 1)]
    digests = {digest for head in heads for digest in head.digests().values()}
    assert len(digests) == 3 * len(heads)
    assert heads[2].digests() == phantom_subjects(9, 32, 1, 256.0, 0)[2].digests()
