"""NIfTI pairs on disk: what is read, and what is refused with one clear line."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.volumes import open_folder

SHAPE = (5, 6, 3)


def arrays(seed=0, shape=SHAPE):
    rng = np.random.default_rng(seed)
    mr = rng.integers(0, 900, shape).astype(np.int16)
    ct = rng.integers(-1000, 1500, shape).astype(np.int16)
    return {"mr": mr, "ct": ct, "mask": (mr > 200).astype(np.uint8)}


def write(folder, parts, affine=None, suffix=".nii.gz"):
    folder.mkdir(parents=True, exist_ok=True)
    affine = np.diag([1.0, 1.5, 4.0, 1.0]) if affine is None else affine
    for name, array in parts.items():
        nib.save(nib.Nifti1Image(array, affine), folder / f"{name}{suffix}")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_subjects_are_read_in_order_of_name(tmp_path, suffix):
    for number, name in enumerate(("b", "a")):
        write(tmp_path / name, arrays(number), suffix=suffix)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "readme.txt").touch()
    first, second = open_folder(tmp_path)
    assert (first.name, second.name) == ("a", "b")
    for subject, seed in ((first, 1), (second, 0)):
        volume, expected = subject.load(), arrays(seed)
        np.testing.assert_array_equal(volume.mr, expected["mr"])
        np.testing.assert_array_equal(volume.ct, expected["ct"])
        np.testing.assert_array_equal(volume.mask, expected["mask"] != 0)
        assert volume.spacing == (1.0, 1.5, 4.0)
        assert volume.mr.dtype == volume.ct.dtype == np.float32


def test_the_mask_is_optional(tmp_path):
    parts = arrays()
    del parts["mask"]
    write(tmp_path / "a", parts)
    assert open_folder(tmp_path)[0].load().mask is None


def test_axes_are_brought_to_right_anterior_superior(tmp_path):
    """Stored as left, posterior, superior, with the second and third axes swapped."""
    expected = arrays()
    affine = np.array([[-1, 0, 0, 9], [0, 0, -1.5, 3], [0, 4, 0, 1], [0, 0, 0, 1.0]])
    stored = {
        name: np.ascontiguousarray(array[::-1, ::-1].transpose(0, 2, 1))
        for name, array in expected.items()
    }
    write(tmp_path / "a", stored, affine)
    volume = open_folder(tmp_path)[0].load()
    np.testing.assert_array_equal(volume.mr, expected["mr"])
    np.testing.assert_array_equal(volume.ct, expected["ct"])
    assert volume.spacing == (1.0, 1.5, 4.0)


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 1, 1), (5, 6, 3, 1)])
def test_single_slices_and_trailing_axes_of_one(tmp_path, shape):
    write(tmp_path / "a", arrays(shape=shape))
    volume = open_folder(tmp_path)[0].load()
    assert volume.mr.shape == volume.ct.shape == (5, 6, shape[2] if len(shape) > 2 else 1)


def test_opening_reads_no_voxel(tmp_path):
    """A truncated body is found when the subject is loaded."""
    write(tmp_path / "a", arrays(), suffix=".nii")
    file = tmp_path / "a" / "ct.nii"
    file.write_bytes(file.read_bytes()[:-20])
    (subject,) = open_folder(tmp_path)
    with pytest.raises(UserError, match=r"subject 'a': .*ct\.nii cannot be read"):
        subject.load()


def truncate_gzip(folder):
    file = folder / "mr.nii.gz"
    file.write_bytes(file.read_bytes()[:-30])


def spoil_header(folder):
    (folder / "ct.nii.gz").write_bytes(gzip.compress(b"nothing of the kind" * 40))


def not_gzip(folder):
    (folder / "ct.nii.gz").write_bytes(b"nothing of the kind" * 40)


def change(name, function, **options):
    def damage(folder):
        write(folder, {name: function(arrays()[name])}, **options)

    return damage


def with_nan(array):
    values = array.astype(np.float32)
    values[1, 1, 1] = np.nan
    return values


def spoil(offset, value):
    """Overwrite two bytes of the MR's header."""

    def damage(folder):
        file = folder / "mr.nii.gz"
        body = bytearray(gzip.decompress(file.read_bytes()))
        body[offset : offset + 2] = value.to_bytes(2, "little")
        file.write_bytes(gzip.compress(bytes(body)))

    return damage


def remove(name):
    return lambda folder: (folder / name).unlink()


SHIFTED = np.diag([1.0, 1.5, 4.0, 1.0]) + np.array([[0, 0, 0, 2.0]] + [[0] * 4] * 3)
FLAT = np.array([[1.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]])  # two axes are one
NEARLY_FLAT = FLAT + np.array(
    [[0] * 4, [0, 1e-20, 0, 0], [0] * 4, [0] * 4]
)  # not 0 to determinants
COLOUR = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
FAULTS = {
    "no ct": (remove("ct.nii.gz"), "subject 'a' has no ct"),
    "no mr": (remove("mr.nii.gz"), "subject 'a' has no mr"),
    "truncated": (truncate_gzip, "mr.nii.gz cannot be read"),
    "no nifti": (spoil_header, "ct.nii.gz cannot be read"),
    "no gzip": (not_gzip, "ct.nii.gz cannot be read"),
    "twice": (lambda folder: write(folder, arrays(), suffix=".nii"), "both mr.nii and mr.nii.gz"),
    "shape": (change("ct", lambda ct: ct[:-1]), "ct.nii.gz has shape (4, 6, 3)"),
    "mask shape": (change("mask", lambda mask: mask[:, 1:]), "mask.nii.gz has shape (5, 5, 3)"),
    "affine": (change("ct", lambda ct: ct, affine=SHIFTED), "ct.nii.gz has another affine"),
    "4-D": (change("mr", lambda mr: np.stack([mr, mr], 3)), "has shape (5, 6, 3, 2)"),
    "complex": (
        change("mr", lambda mr: mr.astype(np.complex64)),
        "complex64: expected real numbers",
    ),
    "colour": (change("mr", lambda mr: np.zeros(mr.shape, COLOUR)), "expected real numbers"),
    "no voxels": (change("mr", lambda mr: mr[:0]), "has shape (0, 6, 3): expected voxels"),
    "unknown kind of voxel": (spoil(70, 9999), "cannot be read (data code 9999 not recognized)"),
    "voxels within the header": (spoil(110, 0x4200), "cannot be read (vox offset"),
    "negative size": (spoil(42, 0x8000), "has shape (-32768, 6, 3): expected"),
    "not finite": (spoil(282, 0x7FC0), "has an affine that places no voxel"),
    "nearly singular": (change("mr", lambda mr: mr, affine=NEARLY_FLAT), "places no voxel"),
    "singular": (change("mr", lambda mr: mr, affine=FLAT), "affine"),
    "NaN MR": (change("mr", with_nan), "mr.nii.gz holds NaN"),
    "NaN CT": (change("ct", with_nan), "ct.nii.gz holds NaN"),
    "constant": (change("mr", lambda mr: mr * 0 + 7), "is 7 everywhere"),
    "empty mask": (change("mask", lambda mask: mask * 0), "mask.nii.gz is empty"),
    "CT in [0, 1]": (change("ct", lambda ct: (ct + 1000) / 2500.0), "not HU"),
    "CT in 0..255": (change("ct", lambda ct: (ct + 1000) / 10.0), "not HU"),
    "CT with 1024 added": (change("ct", lambda ct: ct + np.int16(1024)), "not HU"),
    "CT normalised": (change("ct", lambda ct: (ct - 250) / 2500.0), "not HU"),
    "CT of air alone": (change("ct", lambda ct: ct * 0 - np.int16(1000)), "not HU"),
    "CT far too low": (change("ct", lambda ct: ct * 4.0 - 2000), "not HU"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said_in_one_line_with_the_subject(tmp_path, fault):
    damage, message = FAULTS[fault]
    write(tmp_path / "a", arrays())
    damage(tmp_path / "a")
    with pytest.raises(UserError) as error:
        open_folder(tmp_path)[0].load()
    assert message in str(error.value)
    assert "'a'" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_large_file_that_was_not_copied_to_its_end(tmp_path):
    write(tmp_path / "a", arrays(shape=(64, 64, 16)))
    file = tmp_path / "a" / "mr.nii.gz"
    file.write_bytes(file.read_bytes()[:40_000])
    (subject,) = open_folder(tmp_path)  # the header is there
    with pytest.raises(UserError, match=r"^subject 'a': .*mr\.nii\.gz cannot be read"):
        subject.load()


def test_a_header_that_points_beyond_any_file(tmp_path):
    write(tmp_path / "a", arrays(), suffix=".nii")
    file = tmp_path / "a" / "mr.nii"
    body = bytearray(file.read_bytes())
    body[108:112] = np.float32(1e30).tobytes()  # where the voxels begin
    file.write_bytes(body)
    with pytest.raises(UserError, match=r"^subject 'a': .*mr\.nii cannot be read"):
        open_folder(tmp_path)[0].load()


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_gzip_damaged_anywhere_is_refused_by_name(tmp_path, damage):
    write(tmp_path / "a", arrays())
    file = tmp_path / "a" / "ct.nii.gz"
    body = file.read_bytes()
    # Between gzip's header, which holds a name and a date, and its sums, which need not be read.
    for offset in range(30, len(body) - 8, 5):
        flipped = body[:offset] + bytes([body[offset] ^ 0xFF]) + body[offset + 1 :]
        file.write_bytes(body[:offset] if damage == "cut" else flipped)
        with pytest.raises(UserError, match=r"^subject 'a': .*ct\.nii\.gz .*"):
            open_folder(tmp_path)[0].load()


@pytest.mark.parametrize("low", [-1020, -1024, -2000, -3024])
def test_paddings_of_scanners_and_metal_are_hu(tmp_path, low):
    parts = arrays()
    parts["ct"][0], parts["ct"][4, 0, 0] = low, 32767
    write(tmp_path / "a", parts)
    assert open_folder(tmp_path)[0].load().ct.min() == low


def test_no_folder_and_no_subjects(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        open_folder(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no subjects in"):
        open_folder(tmp_path)


def test_folders_of_other_things_are_no_subjects_but_empty_ones_are_asked_about(tmp_path):
    write(tmp_path / "a", arrays())
    (tmp_path / "overview").mkdir()
    (tmp_path / "overview" / "a.png").touch()
    assert [subject.name for subject in open_folder(tmp_path)] == ["a"]
    (tmp_path / "b").mkdir()
    with pytest.raises(UserError, match="subject 'b' has no mr"):
        open_folder(tmp_path)


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    with pytest.raises(UserError, match=r"cannot list .*: Permission denied"):
        open_folder(tmp_path)


@pytest.mark.shared_data
def test_real_slices(shared_data):
    subjects = open_folder(shared_data / "mrct")
    assert len(subjects) > 50
    for subject in subjects[:5]:
        volume = subject.load()
        assert volume.ct.shape == volume.mr.shape == volume.mask.shape
        assert volume.ct.shape[2] == 1
