"""Arrays are read as their headers say, where these can be true."""

import io
import zipfile

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.door.arrays import map_array, open_arrays, write_array, write_arrays

SCORES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def header(shape, kind="<f4", fortran=False):
    stream = io.BytesIO()
    values = {"descr": kind, "fortran_order": fortran, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, values)
    return stream.getvalue()


def archive(file, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", compression) as stream:
        for name, content in members:
            stream.writestr(name, content)
    return file


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_written_is_read(tmp_path, packed):
    members = {
        "scores": SCORES, "fortran": np.asfortranarray(SCORES), "text": np.array("a[b"),
        "names": np.array(["a", "bcd"]), "none": np.empty((0, 3)), "yes": np.array([True]),
        "numbers": np.array([1, -2]),
    }  # fmt: skip
    write_arrays(tmp_path / "file.npz", members, packed=packed)
    with open_arrays(tmp_path / "file.npz") as arrays:
        assert "scores" in arrays
        assert "absent" not in arrays
        for name, array in members.items():
            np.testing.assert_array_equal(arrays[name], array)
            assert arrays[name].dtype == array.dtype
        arrays["scores"][0] = 1  # may be written to
        with pytest.raises(UserError, match=r"file\.npz is damaged: .*absent"):
            arrays["absent"]


def test_an_array_is_mapped_and_not_read(tmp_path):
    write_array(tmp_path / "file.npy", SCORES)
    mapped = map_array(tmp_path / "file.npy")
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, SCORES)
    write_array(tmp_path / "file.npy", np.empty((0, 4)))
    assert map_array(tmp_path / "file.npy").shape == (0, 4)


FORGERIES = {
    "terabytes in a header": [("a.npy", header((2**20, 2**20, 2**5)))],
    "a shape that overflows": [("a.npy", header((2**62, 2**62)))],
    "a negative shape": [("a.npy", header((-1, 3)))],
    "less than the header says": [("a.npy", header((4,)) + bytes(15))],
    "more than the header says": [("a.npy", header((4,)) + bytes(17))],
    "Python objects": [("a.npy", header((1,), "|O") + b"cos\nsystem\n(S'id'\ntR.")],
    "raw bytes": [("a.npy", header((1,), "|V8") + bytes(8))],
    "no header": [("a.npy", b"PK")],
    "a header of code": [("a.npy", b"\x93NUMPY\x01\x00\x14\x00__import__('os')    \n")],
    "a long header": [("a.npy", b"\x93NUMPY\x02\x00\x00\x00\x10\x00" + b" " * 2**20)],
    "another version": [("a.npy", b"\x93NUMPY\x03\x00\x10\x00\x00\x00" + b" " * 16)],
    "two of one name": [("a.npy", header((1,)) + bytes(4))] * 2,
    "many members": [(f"{number}.npy", b"") for number in range(300)],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("members", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("most", [None, 2**27])
def test_a_forged_file_is_one_line(tmp_path, members, most):
    file = archive(tmp_path / "file.npz", members)
    with (
        pytest.raises(UserError, match=r"file\.npz is damaged: .") as caught,
        open_arrays(file, most) as arrays,
    ):
        arrays["a"]
    assert "\n" not in str(caught.value)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path):
    file = tmp_path / "file.npz"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as stream,
        stream.open("a.npy", "w") as member,
    ):
        member.write(header((2**26,)))
        for _ in range(256):
            member.write(bytes(2**20))
    assert file.stat().st_size < 2**20
    with pytest.raises(UserError, match="it takes 256 MiB, and at most 128"), open_arrays(file):
        pass
    with pytest.raises(UserError, match="its members are packed"), open_arrays(file, None):
        pass


def test_a_flipped_bit_is_noticed(tmp_path):
    write_arrays(tmp_path / "file.npz", {"a": SCORES})
    content = bytearray((tmp_path / "file.npz").read_bytes())
    content[content.index(SCORES.tobytes()) + 5] ^= 4
    (tmp_path / "file.npz").write_bytes(content)
    with pytest.raises(UserError, match="Bad CRC-32"), open_arrays(tmp_path / "file.npz") as arrays:
        arrays["a"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(1000), b"\x1f\x8b"])
def test_what_is_no_archive_is_one_line(tmp_path, content):
    (tmp_path / "file.npz").write_bytes(content)
    with (
        pytest.raises(UserError, match=r"file\.npz is damaged"),
        open_arrays(tmp_path / "file.npz"),
    ):
        pass


@pytest.mark.parametrize(
    "content", [b"", header((2**40,)), header((3,)) + bytes(11), header((2,), "|O") + bytes(16)]
)
def test_a_forged_array_is_not_mapped(tmp_path, content):
    (tmp_path / "file.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"file\.npy is damaged"):
        map_array(tmp_path / "file.npy")
