"""Files are opened where they are regular, and never through a link."""

import os
import subprocess
from pathlib import Path

import pytest

from searchspace.errors import UserError
from trainables.door import opening
from trainables.door.opening import (
    check_regular,
    copy_tree,
    files_below,
    is_empty,
    list_folder,
    move_folder,
    names_in,
    open_file,
    read_bytes,
    refuse_links,
    remove_file,
    remove_folder,
    replacement,
    sync_tree,
    too_long,
)


@pytest.fixture
def outside(tmp_path):
    """A file of the user's own, that nothing may read or change."""
    file = tmp_path / "thesis.tex"
    file.write_text("thesis")
    yield file
    assert file.read_text() == "thesis"


@pytest.mark.parametrize("purpose", ["read", "append", "update"])
def test_a_link_is_never_opened(tmp_path, outside, purpose):
    (tmp_path / "events.jsonl").symlink_to(outside)
    with pytest.raises(UserError, match="is a link"):
        open_file(tmp_path / "events.jsonl", purpose)


@pytest.mark.parametrize("purpose", ["append", "update"])
def test_a_hard_link_is_not_written_to(tmp_path, outside, purpose):
    os.link(outside, tmp_path / "events.jsonl")
    with pytest.raises(UserError, match="also another file's"):
        open_file(tmp_path / "events.jsonl", purpose)


@pytest.mark.parametrize("purpose", ["read", "update"])
def test_a_pipe_is_not_waited_for(tmp_path, purpose):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is no regular file"):
        open_file(tmp_path / "pipe", purpose)


def test_a_file_is_made_where_it_is_missing_and_added_to(tmp_path):
    for letter in (b"a", b"b"):
        with open_file(tmp_path / "file", "append") as stream:
            stream.write(letter)
    assert read_bytes(tmp_path / "file", 2) == b"ab"
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "absent")


def test_a_long_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(UserError, match=r"1,048,576\.0 MiB, and at most 1\.0 are read"):
        read_bytes(tmp_path / "huge", 2**20)
    assert "of this program" in str(too_long(tmp_path, 2, 1))


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_a_library_would_open_is_checked(tmp_path, outside, kind):
    file = tmp_path / "lock"
    check_regular(file)
    {"link": lambda: file.symlink_to(outside), "pipe": lambda: os.mkfifo(file),
     "folder": file.mkdir}[kind]()  # fmt: skip
    with pytest.raises(UserError, match="is no regular file"):
        check_regular(file)


def test_a_replaced_link_is_replaced_and_not_what_it_means(tmp_path, outside):
    (tmp_path / "report.html").symlink_to(outside)
    with replacement(tmp_path / "report.html") as part:
        part.write_text("report")
    assert (tmp_path / "report.html").read_text() == "report"
    assert not (tmp_path / "report.html").is_symlink()


def test_a_link_of_the_temporary_name_is_removed_first(tmp_path, outside):
    (tmp_path / f".file.{os.getpid()}").symlink_to(outside)
    with replacement(tmp_path / "file") as part:
        part.write_text("new")
    assert (tmp_path / "file").read_text() == "new"


@pytest.fixture
def synced(monkeypatch):
    """The paths that are waited for, in order."""
    paths = []

    def sync(number):
        paths.append(Path(f"/proc/self/fd/{number}").readlink())

    monkeypatch.setattr(opening.os, "fsync", sync)
    return paths


def test_a_durable_file_is_on_the_disk_before_its_name_is(tmp_path, synced):
    with replacement(tmp_path / "file", durable=True) as part:
        part.write_text("new")
    assert synced == [part, tmp_path]
    with replacement(tmp_path / "file") as part:
        part.write_text("newer")
    assert len(synced) == 2, "others are not waited for"


def test_a_tree_is_on_the_disk_file_by_file(tmp_path, synced):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    sync_tree(tmp_path)
    assert set(synced) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}


def test_a_tree_is_copied_without_links(tmp_path, outside):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "a").write_text("a")
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "mine").write_text("mine")
    copy_tree(tmp_path / "model", tmp_path / "best")
    assert (tmp_path / "best" / "deep" / "a").read_text() == "a"
    assert (tmp_path / "best" / "mine").read_text() == "mine"
    (tmp_path / "model" / "b").symlink_to(outside)
    with pytest.raises(UserError, match="is a link"):
        copy_tree(tmp_path / "model", tmp_path / "best")


def test_a_tree_is_not_copied_through_a_link(tmp_path):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "a").write_text("a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="deep is a link"):
        copy_tree(tmp_path / "model", tmp_path / "best")
    assert is_empty(tmp_path / "elsewhere")


def test_folders_are_listed_without_what_is_no_file(tmp_path, outside):
    assert list_folder(tmp_path / "absent") == []
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").touch()
    assert list_folder(tmp_path) == [outside]
    assert files_below(tmp_path) == [tmp_path / "a" / "x", outside]
    assert names_in(tmp_path) == ["a", "thesis.tex"]
    (tmp_path / "a" / "link").symlink_to(outside)
    assert files_below(tmp_path / "a") == [tmp_path / "a" / "x"]
    with pytest.raises(UserError, match="link is no regular file"):
        list_folder(tmp_path / "a")


def test_removing_follows_no_link(tmp_path, outside):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to(outside)
    (tmp_path / "link").symlink_to(outside)
    remove_file(tmp_path / "link")
    remove_file(tmp_path / "link")
    remove_folder(tmp_path / "a")
    remove_folder(tmp_path / "a")
    assert names_in(tmp_path) == ["thesis.tex"]
    (tmp_path / "b").symlink_to(tmp_path)
    with pytest.raises(OSError, match="symbolic link"):
        remove_folder(tmp_path / "b")


def test_a_folder_takes_no_name_of_another(tmp_path):
    for name in ("new", "empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "file").touch()
    move_folder(tmp_path / "new", tmp_path / "empty")
    with pytest.raises(OSError, match="not empty"):
        move_folder(tmp_path / "empty", tmp_path / "full")


def test_links_at_any_depth_are_refused(tmp_path, outside):
    (tmp_path / "a" / "b").mkdir(parents=True)
    refuse_links(tmp_path)
    (tmp_path / "a" / "b" / "c").symlink_to(outside)
    with pytest.raises(UserError, match="c is a link, which is not followed"):
        refuse_links(tmp_path)


def test_a_lock_with_another_name_elsewhere_is_refused(tmp_path, outside):
    os.link(outside, tmp_path / ".lock")
    check_regular(tmp_path / ".lock")
    with pytest.raises(UserError, match="no regular file of its own"):
        check_regular(tmp_path / ".lock", alone=True)


def test_a_file_in_the_place_of_its_folder_is_a_missing_file(tmp_path):
    (tmp_path / "trials").touch()
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "trials" / "t001")


def test_folders_that_are_nested_without_end_are_refused(tmp_path):
    """Recursion, and names, have an end that an archive need not have."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    for act in (files_below, refuse_links, lambda path: copy_tree(path, tmp_path / "copy")):
        with pytest.raises(UserError, match="nested more than 100 folders deep"):
            act(tmp_path)
    with pytest.raises(OSError, match="nested too deeply"):
        remove_folder(tmp_path / "d")
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)
