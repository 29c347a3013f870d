"""MetaImage files: the same volume as its NIfTI, packed or not, and what is refused."""

import zlib

import nibabel as nib
import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.metaimage import read_array, read_header
from trainables.data.nifti import check_body, read_grid, read_voxels, write_like
from trainables.data.volumes import open_folder

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
DIRECTIONS = "0 1 0 1 0 0 0 0 -1"  # a row an axis, towards left, posterior, superior


def write(file, body=None, *, values=VALUES, end="", **fields):
    """Write a MetaImage; fields replace the usual ones, and None leaves one out."""
    raw = values.tobytes(order="F") if body is None else body
    lines = {
        "ObjectType": "Image", "NDims": str(values.ndim), "BinaryData": "True",
        "TransformMatrix": DIRECTIONS, "Offset": "10 20 30", "ElementSpacing": "1 2 3",
        "DimSize": " ".join(map(str, values.shape)), "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL",
    } | fields  # fmt: skip
    last = {"ElementDataFile": lines.pop("ElementDataFile")}
    text = "".join(f"{name} = {value}\n" for name, value in {**lines, **last}.items() if value)
    file.write_bytes(text.encode() + (raw if last["ElementDataFile"] == "LOCAL" else b""))
    return file


def nifti(file):
    """Write the NIfTI of the same volume: columns are directions by spacing, LPS turned to RAS."""
    affine = np.array([[0, -2, 0, -10], [-1, 0, 0, -20], [0, 0, -3, 30], [0, 0, 0, 1]], dtype=float)
    nib.save(nib.Nifti1Image(VALUES, affine), file)
    return file


@pytest.mark.parametrize("suffix", [".mha", ".MHA", ".mhd"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_metaimage_is_the_volume_of_its_nifti(tmp_path, suffix, packed):
    raw = VALUES.tobytes(order="F")
    body = zlib.compress(raw) if packed else raw
    fields = {"CompressedData": "True" if packed else "False"}
    if suffix == ".mhd":
        (tmp_path / "mr.raw").write_bytes(body)
        fields["ElementDataFile"] = "mr.raw"
    file = write(tmp_path / f"mr{suffix}", body, **fields)
    expected = nifti(tmp_path / "other.nii.gz")
    grid, reference = read_grid(file), read_grid(expected)
    assert grid.shape == reference.shape
    np.testing.assert_allclose(grid.affine, reference.affine)
    np.testing.assert_array_equal(read_voxels(file), read_voxels(expected))
    check_body(file)


def test_a_ct_is_written_on_the_grid_of_a_metaimage(tmp_path):
    file = write(tmp_path / "mr.mha")
    write_like(tmp_path / "sct.nii.gz", read_voxels(file).astype(np.int16), file)
    image = nib.load(tmp_path / "sct.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), VALUES)
    np.testing.assert_allclose(image.affine, read_header(file).affine)


def test_the_order_of_bytes_is_as_the_header_says(tmp_path):
    file = write(
        tmp_path / "mr.mha", VALUES.astype(">i2").tobytes(order="F"), BinaryDataByteOrderMSB="True"
    )
    np.testing.assert_array_equal(read_array(read_header(file)), VALUES)


@pytest.mark.parametrize(
    ("fields", "body", "message"),
    [
        ({"ElementType": "MET_OTHER"}, None, "expected real numbers"),
        ({"ElementNumberOfChannels": "3"}, None, "expected real numbers"),
        ({"DimSize": "2 3 4 5"}, None, "expected voxels along three axes"),
        ({"DimSize": "many"}, None, "cannot be read"),
        ({"DimSize": ""}, None, "no MetaImage"),
        ({"DistanceUnits": "um"}, None, "expected mm"),
        ({"ElementDataFile": "../../secret"}, None, "name one file beside it"),
        ({"ElementDataFile": "absent.raw"}, None, "cannot be read"),
        ({"TransformMatrix": "0 0 0 1 0 0 0 0 -1"}, None, "place no voxel"),
        ({}, b"\0" * 47, "ends after 47 of 48 bytes"),
        ({"CompressedData": "True"}, zlib.compress(b"\0" * 48)[:-6], "ends after|cannot be read"),
        ({"CompressedData": "True"}, b"no zlib", "cannot be read"),
    ],
)
def test_what_is_damaged_is_one_line(tmp_path, fields, body, message):
    file = write(tmp_path / "mr.mha", body, **fields)
    with pytest.raises(UserError, match=message) as error:
        read_voxels(file) if body else _read_all(file)
    assert "\n" not in str(error.value)


def _read_all(file):
    read_grid(file)
    read_voxels(file)


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "mr.mha").write_bytes(b"\x89PNG\r\n" * 100)
    with pytest.raises(UserError, match="no MetaImage"):
        read_grid(tmp_path / "mr.mha")


def test_subjects_of_synthrad2025_are_found(tmp_path):
    folder = tmp_path / "1ABA001"
    folder.mkdir()
    for part in ("mr", "ct", "mask"):
        write(
            folder / f"{part}.mha",
            values=np.ones((20, 20, 3), dtype=np.int16),
            TransformMatrix=None,
        )
    (subject,) = open_folder(tmp_path)
    assert subject.mr.name == "mr.mha"
    assert subject.mask.name == "mask.mha"
