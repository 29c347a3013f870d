"""Arrays are read as their headers say, where these can be true."""

import io
import struct
import zipfile
from errno import EIO

import numpy as np
import pytest
from peak import peak_mib

from searchspace.errors import UserError
from trainables.door.arrays import map_array, open_arrays, write_array, write_arrays

SCORES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def header(shape, kind="<f4", fortran=False):
    stream = io.BytesIO()
    values = {"descr": kind, "fortran_order": fortran, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, values)
    return stream.getvalue()


def words(text):
    """Make a header of any text."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


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
    "texts of no length": [("a.npy", header((9,), "<U0"))],
    "an endless empty shape": [("a.npy", header((0, 2**62, 2**62)))],
    "65 dimensions": [("a.npy", header((1,) * 65) + bytes(4))],
    "a thousand signs": [("a.npy", words(b"{'shape': (" + b"-" * 9000 + b"1,)}"))],
    "a thousand brackets": [("a.npy", words(b"(" * 9000))],
    "a number without end": [("a.npy", words(b"{'shape': (" + b"9" * 5000 + b",)}"))],
    "dates": [("a.npy", header((1,), "<M8[ns]") + bytes(8))],
    "columns": [
        ("a.npy", words(b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"))
    ],
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
    with pytest.raises(UserError, match="it takes 256 MiB, and at most 32"), open_arrays(file):
        pass
    with pytest.raises(UserError, match="its members are packed"), open_arrays(file, None):
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_what_unpacks_to_more_than_its_archive_says_is_not_unpacked(tmp_path, method):
    """Of bzip2 and LZMA, a hundred bytes become all of it at once."""
    content = header((9,)) + bytes(36)
    file = archive(tmp_path / "file.npz", [("a.npy", content + bytes(2**26))], method)
    size = struct.pack("<I", len(content))
    archived = bytearray(file.read_bytes())
    entry = archived.index(b"PK\x01\x02")
    archived[entry + 24 : entry + 28] = size
    file.write_bytes(archived)
    before = peak_mib(reset=True)
    with (
        pytest.raises(UserError, match=r"packed in another way|Bad CRC"),
        open_arrays(file) as arrays,
    ):
        arrays["a"]
    assert peak_mib() - before < 32


def test_a_directory_of_countless_members_is_not_read(tmp_path):
    """Forty-six bytes in the file become six hundred in memory."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *(0,) * 9, 7, *(0,) * 6)
    entries = b"".join(entry + b"%07d" % number for number in range(100_000))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2**16 - 1, 2**16 - 1, len(entries), 0, 0)
    (tmp_path / "file.npz").write_bytes(entries + end)
    before = peak_mib(reset=True)
    with (
        pytest.raises(UserError, match="its directory has 5 MiB"),
        open_arrays(tmp_path / "file.npz"),
    ):
        pass
    assert peak_mib() - before < 32


@pytest.mark.parametrize("field", [12, 16], ids=["size", "position"])
def test_a_directory_that_is_nowhere_is_damage(tmp_path, field):
    file = archive(tmp_path / "file.npz", [("a.npy", header((1,)) + bytes(4))])
    content = bytearray(file.read_bytes())
    end = content.index(b"PK\x05\x06")
    content[end + field : end + field + 4] = struct.pack("<I", 2**32 - 2)
    file.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"), open_arrays(file) as arrays:
        arrays["a"]


def test_a_failing_disk_is_no_damage(tmp_path, monkeypatch):
    """It is told from damage by whoever runs trials: all of them would meet it."""
    write_arrays(tmp_path / "file.npz", {"a": SCORES})

    def fail(*_):
        raise OSError(EIO, "Input/output error")

    with open_arrays(tmp_path / "file.npz") as arrays:
        monkeypatch.setattr("trainables.door.arrays._read", fail)
        with pytest.raises(OSError, match="Input/output"):
            arrays["a"]


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
