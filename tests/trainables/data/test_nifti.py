"""One file: its checksum, units, axes, and what is no NIfTI at all."""

import gzip
import zlib

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.nifti import Grid, check_body, read_grid, read_voxels

AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])
VOXELS = np.random.default_rng(0).integers(-1000, 1500, (4, 5, 3)).astype(np.int16)


def save(file, array=VOXELS, affine=AFFINE, unit=None, kind=nib.Nifti1Image):
    image = kind(array, affine)
    if unit is not None:
        image.header["xyzt_units"] = unit
    nib.save(image, file)
    return file


def lines_of(call, file):
    with pytest.raises(UserError) as error:
        call(file)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(file))
    return str(error.value)


def test_no_flipped_bit_is_read_as_other_voxels(tmp_path):
    """Where gzip's own header is hit, such as its date, the voxels are the same."""
    file = save(tmp_path / "a.nii.gz")
    body, refused = bytearray(file.read_bytes()), 0
    for bit in range(8 * len(body)):
        body[bit // 8] ^= 1 << bit % 8
        file.write_bytes(body)
        body[bit // 8] ^= 1 << bit % 8
        try:
            np.testing.assert_array_equal(read_voxels(file), VOXELS)
        except UserError:
            refused += 1
    assert refused >= 8 * (len(body) - 30)


@pytest.mark.parametrize("count", [1, 4, 8, 9, 100])
def test_a_file_cut_at_its_end_is_refused(tmp_path, count):
    file = save(tmp_path / "a.nii.gz")
    file.write_bytes(file.read_bytes()[:-count])
    assert "cannot be read" in lines_of(read_voxels, file)
    assert "cannot be read" in lines_of(check_body, file)


def test_a_file_of_several_parts_and_padding_is_whole(tmp_path):
    """As pigz, bgzip and tapes write it."""
    file = save(tmp_path / "a.nii")
    body = file.read_bytes()
    file.write_bytes(gzip.compress(body[:400]) + gzip.compress(body[400:]) + bytes(64))
    np.testing.assert_array_equal(read_voxels(file), VOXELS)
    assert read_grid(file).shape == VOXELS.shape


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "A.NII.GZ"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_packed_is_told_by_its_bytes(tmp_path, name, pack):
    body = save(tmp_path / "plain.nii").read_bytes()
    (tmp_path / name).write_bytes(pack(body))
    np.testing.assert_array_equal(read_voxels(tmp_path / name), VOXELS)
    np.testing.assert_array_equal(read_grid(tmp_path / name).affine, AFFINE)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("codes", ["RAS", "LPS", "PSR", "ILA"])
def test_the_grid_is_that_of_the_voxels_as_nibabel_orients_them(tmp_path, kind, codes):
    oblique = AFFINE @ np.array([[1, 0.1, 0, 5], [-0.1, 1, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    image = kind(VOXELS, oblique)
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(oblique), nib.orientations.axcodes2ornt(codes)
    )
    file = tmp_path / "a.nii.gz"
    nib.save(image.as_reoriented(turn), file)
    closest, grid = nib.as_closest_canonical(nib.load(file)), read_grid(file)
    np.testing.assert_array_equal(grid.affine, closest.affine)
    assert grid.shape == closest.shape
    np.testing.assert_array_equal(read_voxels(file), closest.get_fdata(dtype=np.float32))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 1, 1), (4, 5, 3, 1, 1)])
def test_trailing_axes_of_one_are_dropped(tmp_path, shape):
    file = save(tmp_path / "a.nii", np.ones(shape, np.float32))
    assert read_grid(file).shape == read_voxels(file).shape == (*shape, 1)[:3]


def test_values_are_scaled_by_the_header(tmp_path):
    file = save(tmp_path / "a.nii", (VOXELS + 1100).astype(np.uint16))
    body = bytearray(file.read_bytes())
    body[112:120] = np.array([1, -1100], "<f4").tobytes()  # scl_slope, scl_inter
    file.write_bytes(body)
    np.testing.assert_array_equal(read_voxels(file), VOXELS)


@pytest.mark.parametrize("time", [0, 8, 16, 24])
@pytest.mark.parametrize(("unit", "factor"), [(0, 1.0), (1, 1e-3), (2, 1.0), (3, 1e3)])
def test_units_are_turned_into_millimetres(tmp_path, unit, factor, time):
    """No unit, metres, mm, microns; the bits above are of time."""
    affine = factor * AFFINE
    affine[:, 3] = 9 * factor, 9 * factor, 9 * factor, 1
    grid = read_grid(save(tmp_path / "a.nii", affine=affine, unit=unit + time))
    assert grid.spacing == pytest.approx((2, 3, 4), rel=1e-6)
    np.testing.assert_allclose(grid.affine[:3, 3], 9, rtol=1e-6)


@pytest.mark.parametrize(
    ("side", "unit", "message"),
    [
        (2.0, 1, "has voxels of 2e+03 x 3e+03 mm, as its header counts in metres"),
        (2.0, 3, "has voxels of 0.002 x 0.003 mm, as its header counts in microns"),
        (0.001, 0, "has voxels of 0.001 x 0.0015 mm, as its header counts in no unit"),
        (1000, 2, "has voxels of 1e+03 x 1.5e+03 mm, as its header counts in mm"),
        (2.0, 5, "counts in a unit of code 5"),
    ],
)
def test_a_unit_that_cannot_be_is_refused(tmp_path, side, unit, message):
    file = save(tmp_path / "a.nii", affine=np.diag([side, 1.5 * side, 4, 1]), unit=unit)
    assert message in lines_of(read_grid, file)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "cannot be read (it is empty)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
        (b"/annex/objects/MD5E-s1234--0.nii.gz\n", "git annex get"),
        (b"\x1f\x8b", "cannot be read"),
        (b"\x1f", "it ends after 1 bytes, within the header"),
        (gzip.compress(b"abc", mtime=0), "it ends after 3 bytes, within the header"),
        (b"nothing of the kind" * 40, "cannot be read"),
        (zlib.compress(b"nothing of the kind" * 40), "cannot be read"),
    ],
)
def test_what_is_no_nifti_is_said(tmp_path, body, message):
    file = tmp_path / "mr.nii.gz"
    file.write_bytes(body)
    assert message in lines_of(read_grid, file)
    lines_of(read_voxels, file)


def test_a_header_that_promises_more_than_the_file_holds(tmp_path):
    """Such a size is never asked of the memory."""
    file = save(tmp_path / "a.nii")
    body = bytearray(file.read_bytes())
    body[42:48] = np.array([32767] * 3, "<i2").tobytes()
    file.write_bytes(gzip.compress(bytes(body)))
    assert "it ends after 472 of 703623019236" in lines_of(read_voxels, file)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_voxels_that_are_no_numbers_are_refused(tmp_path, value):
    array = VOXELS.astype(np.float64)
    array[1, 1, 1] = value
    file = save(tmp_path / "a.nii.gz", array)
    assert "holds NaN or infinite voxels" in lines_of(read_voxels, file)


def test_the_distance_of_grids_is_that_of_their_farthest_voxels():
    first = Grid((11, 11, 3), AFFINE)
    turned = AFFINE.copy()
    turned[0, 1] += 0.01  # along ten voxels
    assert first.distance(Grid(first.shape, turned)) == pytest.approx(0.1)
    assert first.distance(first) == 0
