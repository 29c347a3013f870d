"""Pictures as numbers, on disk and back."""

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.study.sheet import Column, Sheet, read_sheet


@pytest.fixture
def sheet():
    random = np.random.default_rng(0)
    grey, colour = random.random((2, 3, 4)), random.random((2, 3, 4, 3))
    columns = (
        Column("image", colour),
        Column("change", grey - 0.5, "signed", high=0.5, unit="HU", notes=("1 → 2", "rms 3")),
    )
    return Sheet("some", "Some pictures", "Made here.", ("first", "second\nrow"), columns)


def test_what_is_written_is_read_to_half_precision(sheet, tmp_path):
    file = tmp_path / "new" / "some.npz"
    sheet.write(file)
    copy = read_sheet(file)
    assert (copy.name, copy.title, copy.caption, copy.rows) == (
        "some",
        "Some pictures",
        "Made here.",
        ("first", "second\nrow"),
    )
    for column, original in zip(copy.columns, sheet.columns, strict=True):
        assert column.words() == original.words()
        np.testing.assert_allclose(column.cells, original.cells, atol=2**-11)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["some.npz"]


def test_a_damaged_file_is_said(sheet, tmp_path):
    file = tmp_path / "some.npz"
    sheet.write(file)
    content = file.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"not an archive"):
        file.write_bytes(damaged)
        with pytest.raises(UserError, match=r"some\.npz are damaged .*: remove the file"):
            read_sheet(file)


def test_a_file_of_something_else_is_said_and_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "other.npz", words=np.array({"a": 1}, dtype=object))
    with pytest.raises(UserError, match="damaged"):
        read_sheet(tmp_path / "other.npz")
