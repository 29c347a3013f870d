"""NIfTI pairs on disk: what is read, and what is refused with one clear line."""

import gzip
import hashlib
import os

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects
from trainables.data.volumes import PADDED, RESAMPLED, head_of, ignored, open_folder, open_mrs

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


def test_the_digest_of_each_part_is_that_of_its_file(tmp_path):
    write(tmp_path / "a", arrays())
    (subject,) = open_folder(tmp_path)
    files = {part: tmp_path / "a" / f"{part}.nii.gz" for part in ("mr", "ct", "mask")}
    expected = {part: hashlib.sha256(file.read_bytes()).hexdigest() for part, file in files.items()}
    assert subject.digests() == expected
    files["mask"].unlink()
    assert set(open_folder(tmp_path)[0].digests()) == {"mr", "ct"}
    files["ct"].unlink()
    with pytest.raises(UserError, match=r"subject 'a': .*ct.nii.gz cannot be read"):
        subject.digests()


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
    "affine": (
        change("ct", lambda ct: ct, affine=SHIFTED),
        "ct.nii.gz has another affine than mr.nii.gz, by which voxels lie up to 2 mm apart",
    ),
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
    for offset in range(30, len(body), 5):  # after gzip's header, which holds a name and a date
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


def head(number=0):
    """A made head with noise, partial volumes and air inside."""
    (*_, subject) = phantom_subjects(number + 1, 32, 2, 256.0, 0)
    volume = subject.load()
    return {"mr": volume.mr, "ct": volume.ct, "mask": volume.mask.astype(np.uint8)}


def load(folder, parts, **options):
    write(folder / "a", parts, np.diag([8.0, 8.0, 72.0, 1.0]), **options)
    return open_folder(folder)[0].load()


def round_field(ct, padding):
    """Set what lies outside the scanner's round field."""
    x, y = np.meshgrid(np.arange(32) - 15.5, np.arange(32) - 15.5, indexing="ij")
    return np.where((x**2 + y**2 > 15.5**2)[:, :, None], padding, ct)


SCALES = {
    "1000 added": lambda ct: (ct + 1000).clip(0),
    "1024 added": lambda ct: (ct + 1024).clip(0),
    "1024 taken away twice": lambda ct: ct - 1024,
    "uint12": lambda ct: ((ct + 1000) / 2500 * 4095).clip(0),
    "in 0..255": lambda ct: ((ct + 1000) / 10).clip(0, 255),
    "in [0, 1]": lambda ct: ((ct + 1000) / 2500).clip(0, 1),
    "in [-1, 1]": lambda ct: ((ct + 1000) / 1250 - 1).clip(-1, 1),
}


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("padding", [-1000, -1024, -2000, -3024])
@pytest.mark.parametrize("scale", SCALES)
def test_padding_does_not_make_hu_of_another_scale(tmp_path, scale, padding, mask):
    parts = head()
    parts["ct"] = round_field(SCALES[scale](parts["ct"]), padding).astype(np.float32)
    if not mask:
        del parts["mask"]
    with pytest.raises(UserError, match=r"^subject 'a': .*ct\.nii\.gz .*not HU") as error:
        load(tmp_path, parts)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize(("padding", "notes"), [(-1024, ()), (-2000, (PADDED,))])
def test_padded_hu_are_read_and_what_no_tissue_has_is_said(tmp_path, padding, notes, mask):
    parts = head()
    parts["ct"] = round_field(parts["ct"], padding)
    if not mask:
        del parts["mask"]
    volume = load(tmp_path, parts)
    np.testing.assert_array_equal(volume.ct, parts["ct"])
    assert volume.notes == notes


@pytest.mark.parametrize("number", range(3))
def test_made_heads_are_hu_with_a_mask_and_without(tmp_path, number):
    parts = head(number)
    assert load(tmp_path / "with", parts).notes == ()
    del parts["mask"]
    assert load(tmp_path / "without", parts).notes == ()


def test_where_what_is_bright_in_mr_is_air_the_mask_tells_what_is_tissue(tmp_path):
    """As in MP2RAGE, which has noise around the head."""
    parts = head()
    noise = np.random.default_rng(0).uniform(0, 1.5 * parts["mr"].max(), parts["mr"].shape)
    parts["mr"] = np.where(parts["mask"] > 0, parts["mr"], noise).astype(np.float32)
    load(tmp_path / "hu", parts)
    load(tmp_path / "without", {"mr": parts["mr"], "ct": parts["ct"]})
    parts["ct"] = round_field(SCALES["1000 added"](parts["ct"]), -1024).astype(np.float32)
    with pytest.raises(UserError, match=r"not HU: where mr\.nii\.gz is bright"):
        load(tmp_path / "added", parts)


DISC = np.hypot(*np.meshgrid(np.arange(40) - 19.3, np.arange(40) - 18.6, indexing="ij")) < 13
DISC = np.repeat(DISC[:, :, None], 3, 2)


def smooth(order, height=1.0):
    """A mask that went through a registration: shifted by parts of a voxel."""
    return height * ndimage.shift(DISC.astype(np.float64), (0.4, 0.3, 0), order=order)


@pytest.mark.parametrize(
    "values",
    [
        smooth(1),
        smooth(3),  # goes below 0 and above 1
        smooth(1, 255.0),
        smooth(3, 255.0),
        np.rint(smooth(1, 255.0)),
        np.rint(smooth(3, 255.0).clip(0, 255)),
        np.rint(smooth(1, 1000.0)),
        smooth(1, -1.0),
        smooth(1) + np.random.default_rng(0).uniform(0, 1e-6, DISC.shape),
    ],
)
def test_of_a_resampled_mask_the_head_is_what_is_half_of_it(values):
    expected = smooth(1) >= 0.5
    mask, resampled = head_of(values.astype(np.float32))
    assert resampled
    # Where a spline is half as high is not quite where a line is.
    assert np.count_nonzero(mask != expected) <= 0.02 * expected.sum()
    assert np.count_nonzero(values) > 1.1 * expected.sum()  # all but 0 would be more


LABELS = DISC.astype(np.float32) * np.digitize(np.arange(40), [16, 23])[:, None, None]
LABELS += DISC  # 1, 2 and 3, each a third


@pytest.mark.parametrize(
    ("values", "head"),
    [
        (DISC, DISC),
        (255 * DISC, DISC),
        (-1 * DISC, DISC),
        (0.3 * DISC, DISC),
        (LABELS, DISC),
        (7 * LABELS - 9 * (LABELS == 2), DISC),
        (LABELS * (1 + np.arange(40) % 11)[:, None], DISC),  # many labels
        (DISC + np.random.default_rng(0).uniform(-1e-6, 1e-6, DISC.shape), DISC),
        (LABELS + np.random.default_rng(0).uniform(-1e-6, 1e-6, DISC.shape), DISC),
        (np.random.default_rng(0).uniform(0, 1e-6, DISC.shape), DISC & False),
        (1e-5 * DISC, DISC & False),
        (DISC | True, DISC | True),
    ],
)
def test_whole_numbers_are_labels_and_noise_around_them_is_none(values, head):
    mask, resampled = head_of(values.astype(np.float32))
    np.testing.assert_array_equal(mask, head)
    assert not resampled


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (1 + DISC, "marks every voxel, by several values"),
        (np.where(DISC, 1, -1), "marks every voxel, by several values"),
        (ndimage.shift(LABELS, (0.4, 0.3, 0), order=1), "fractions up to 3"),
        (19.3 - np.hypot(*np.ogrid[-20:20, -20:20])[:, :, None], "fractions up to 19.3"),
    ],
)
def test_a_mask_that_does_not_tell_the_head_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        head_of(values.astype(np.float32))


def test_what_was_resampled_is_said_and_what_is_faint_is_empty(tmp_path):
    parts = head()
    parts["mask"] = ndimage.shift(parts["mask"].astype(np.float32), (0.5, 0, 0), order=1)
    volume = load(tmp_path / "half", parts)
    assert volume.notes == (RESAMPLED,)
    np.testing.assert_array_equal(volume.mask, parts["mask"] >= 0.5)
    parts["mask"] *= np.float32(0.4)
    with pytest.raises(UserError, match=r"mask\.nii\.gz is empty \(it reaches 0\.4\)"):
        load(tmp_path / "faint", parts)


@pytest.mark.parametrize("shape", [(1, 12, 12), (12, 1, 12), (1, 12, 1), (2, 40, 40), (40, 2, 40)])
def test_slices_that_are_not_axial_are_refused(tmp_path, shape):
    write(tmp_path / "a", arrays(shape=shape), np.diag([2.0, 2.0, 2.0, 1.0]))
    with pytest.raises(UserError, match=r"covers .* mm .* sagittal or coronal"):
        open_folder(tmp_path)


def test_a_sagittal_slice_is_told_by_its_affine_and_not_by_its_shape(tmp_path):
    sagittal = np.array([[0, 0, 4.0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    write(tmp_path / "a", arrays(shape=(20, 24, 1)), sagittal)
    with pytest.raises(UserError, match="covers 4 x 20 x 24 mm"):
        open_folder(tmp_path)


@pytest.mark.parametrize("shape", [(20, 24, 1), (24, 40, 40), (5, 6, 90)])
def test_thick_sagittal_slices_of_a_whole_head_and_long_columns_are_volumes(tmp_path, shape):
    write(tmp_path / "a", arrays(shape=shape), np.diag([6.0, 6.0, 6.0, 1.0]))
    assert open_folder(tmp_path)[0].load().mr.shape == shape


@pytest.mark.parametrize(
    ("column", "change", "apart"),
    [(3, 0.2, None), (3, 0.3, "0.3 mm"), (1, 0.0014, None), (1, 0.03, "1.17 mm")],
)
def test_affines_may_differ_by_a_part_of_a_voxel(tmp_path, column, change, apart):
    """A quarter of the smallest side: here of 1 mm, over 40 voxels."""
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    write(tmp_path / "a", arrays(shape=(40, 40, 2)), affine)
    affine[0, column] += change
    write(tmp_path / "a", {"ct": arrays(shape=(40, 40, 2))["ct"]}, affine)
    if apart is None:
        assert open_folder(tmp_path)
        return
    with pytest.raises(UserError, match=rf"ct\.nii\.gz .* up to {apart} apart \(0\.25 mm are"):
        open_folder(tmp_path)


def test_a_damaged_header_is_said_to_be_damaged_and_not_to_be_of_another_grid(tmp_path):
    write(tmp_path / "a", arrays(shape=(20, 20, 3)))  # the header ends long before the file
    file = tmp_path / "a" / "ct.nii.gz"
    body = bytearray(gzip.decompress(file.read_bytes()))
    body[42] += 1  # a size
    packed = gzip.compress(bytes(body))
    file.write_bytes(packed[:-8] + file.read_bytes()[-8:])
    with pytest.raises(UserError, match=r"ct\.nii\.gz cannot be read \(CRC check failed"):
        open_folder(tmp_path)


@pytest.mark.parametrize("name", ["mr.NII.GZ", "MR.NII.GZ", "Mr.nii.gz", "MR.NII"])
def test_capitals_do_not_matter(tmp_path, name):
    write(tmp_path / "a", arrays(), suffix=".nii" if name.endswith("NII") else ".nii.gz")
    (old,) = (tmp_path / "a").glob("mr*")
    old.rename(tmp_path / "a" / name)
    np.testing.assert_array_equal(open_folder(tmp_path)[0].load().mr, arrays()["mr"])
    write(tmp_path / "a", {"mr": arrays()["mr"]}, suffix=".nii.gz")
    if name != "mr.nii.gz":
        with pytest.raises(UserError, match=r"both .* and .*: remove one"):
            open_folder(tmp_path)


def test_folders_of_another_format_are_subjects_that_lack_something(tmp_path):
    write(tmp_path / "a", arrays())
    (tmp_path / "b").mkdir()
    for name in ("ct.nrrd", "mr.nrrd"):
        (tmp_path / "b" / name).touch()
    with pytest.raises(UserError, match=r"'b' has no mr: .*/b, which holds ct\.nrrd, mr\.nrrd$"):
        open_folder(tmp_path)


def test_what_is_ignored_is_listed(tmp_path):
    write(tmp_path / "a", arrays())
    for name in ("overview", "nested", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "overview" / "a.png").touch()
    (tmp_path / "nested" / "anat").mkdir()
    for name in ("readme.txt", "b_mr.NII.GZ"):
        (tmp_path / name).touch()
    (tmp_path / "table.csv").symlink_to("nowhere")
    assert len(open_folder(tmp_path)) == 1
    assert ignored(tmp_path) == ("b_mr.NII.GZ", "nested", "overview", "table.csv")


@pytest.mark.parametrize("part", ["mr.nii.gz", "ct.nii.gz", "mask.nii.gz", "."])
def test_a_link_that_leads_nowhere_is_said_to(tmp_path, part):
    write(tmp_path / "data" / "a", arrays())
    path = tmp_path / "data" / "a" / part
    path.rename(tmp_path / "moved")
    path.symlink_to("../.git/annex/objects/MD5E-s1234--0")
    with pytest.raises(UserError, match=r"/a.* is a link that leads nowhere.*: fetch the data"):
        open_folder(tmp_path / "data")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"/link is a link that leads nowhere"):
        open_folder(tmp_path / "link")


def test_a_link_to_data_is_followed_and_a_pipe_is_not(tmp_path):
    write(tmp_path / "elsewhere", arrays())
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").symlink_to(tmp_path / "elsewhere")
    open_folder(tmp_path / "data")[0].load()
    (tmp_path / "elsewhere" / "mask.nii.gz").unlink()
    os.mkfifo(tmp_path / "elsewhere" / "mask.nii.gz")
    with pytest.raises(UserError, match=r"'a': .*mask\.nii\.gz is no file"):
        open_folder(tmp_path / "data")


@pytest.mark.parametrize("name", ["a", "."])
def test_a_name_that_is_not_utf8_is_refused_in_letters_that_can_be_printed(tmp_path, name):
    write(tmp_path / "data" / "a", arrays())
    path = tmp_path / "data" / name
    odd = path.with_name(os.fsdecode(b"M\xfcster^Max"))
    path.rename(odd)
    with pytest.raises(UserError, match=r"the name of .*/M\\xfcster\^Max is not UTF-8") as error:
        open_folder(odd if name == "." else odd.parent)
    str(error.value).encode()


def test_subjects_of_any_name_are_kept_apart(tmp_path):
    names = ["007", "7", "NA", "None", "inf", "nan", "null", "München"]
    for name in names:
        write(tmp_path / name, arrays())
    assert [subject.name for subject in open_folder(tmp_path)] == sorted(names)


@pytest.mark.shared_data
def test_real_slices(shared_data):
    subjects = open_folder(shared_data / "mrct")
    assert len(subjects) > 50
    for subject in subjects[:5]:
        volume = subject.load()
        assert volume.ct.shape == volume.mr.shape == volume.mask.shape
        assert volume.ct.shape[2] == 1


def test_a_subject_without_a_ct_is_read_where_none_is_needed(tmp_path):
    parts = arrays()
    del parts["ct"]
    write(tmp_path / "a", parts)
    (subject,) = open_mrs(tmp_path)
    scan = subject.read()
    assert scan.ct is None
    np.testing.assert_array_equal(scan.mask, parts["mask"] != 0)
    with pytest.raises(UserError, match="subject 'a' has no ct"):
        subject.load()
    with pytest.raises(UserError, match="subject 'a' has no ct"):
        open_folder(tmp_path)
    (tmp_path / "a" / "mr.nii.gz").unlink()
    with pytest.raises(UserError, match="subject 'a' has no mr"):
        open_mrs(tmp_path)
