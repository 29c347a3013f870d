"""A folder that may not change is known again, file by file."""

import os
import shutil

import pytest

from trainables.door.seal import BrokenSealError, check_seal, seal


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "assets"
    (path / "train").mkdir(parents=True)
    (path / "train" / "images.npy").write_bytes(b"images")
    (path / "splits.json").write_text("{}")
    return path


def test_the_digests_are_those_of_sha256(folder):
    assert seal(folder) == {
        "splits.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "train/images.npy": "21b2eed1e328a2c62fe4c17d51188bdea73450f29956dc5c8c95429313ddd72c",
    }


def test_the_same_files_elsewhere_are_the_same_and_others_are_not_looked_at(folder, tmp_path):
    digests = seal(folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "notes.txt").write_text("mine")
    check_seal(copy, digests)
    check_seal(copy, {})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_bytes(b"imagez"), "is not what was prepared"),
        (lambda file: file.write_bytes(b""), "is not what was prepared"),
        (lambda file: (file.unlink(), file.mkdir()), "no regular file"),
        (lambda file: (file.unlink(), file.symlink_to("/etc/passwd")), "is a link"),
    ],
    ids=["missing", "changed", "empty", "a folder", "a link"],
)
def test_a_file_that_broke_is_named_with_the_remedy(folder, damage, reason):
    digests = seal(folder)
    damage(folder / "train" / "images.npy")
    with pytest.raises(Exception, match=f"images.npy .*{reason}") as error:
        check_seal(folder, digests)
    assert "\n" not in str(error.value)


def test_a_change_that_keeps_size_and_time_is_seen(folder):
    file = folder / "train" / "images.npy"
    before, digests = file.stat(), seal(folder)
    file.write_bytes(b"imagez")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(BrokenSealError, match="is not what was prepared"):
        check_seal(folder, digests)


def test_a_name_that_leads_out_is_refused(folder):
    with pytest.raises(ValueError, match="leads out of the run"):
        check_seal(folder, {"../thesis.tex": "0" * 64})
