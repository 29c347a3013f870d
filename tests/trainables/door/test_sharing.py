"""Files of the same content take the disk once, and a changed pool spoils nothing."""

import pytest

from trainables.door import sharing
from trainables.door.sharing import clear_pool, share


@pytest.fixture
def pool(tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "LEAST", 4)
    return tmp_path / "pool"


def write(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_files_of_one_content_become_one(tmp_path, pool):
    first = write(tmp_path / "a", "x.npy", "content")
    second = write(tmp_path / "b", "y.npy", "content")
    third = write(tmp_path / "b", "z.npy", "another")
    assert all(share(file, pool) for file in (first, second, third))
    assert first.stat().st_ino == second.stat().st_ino != third.stat().st_ino
    assert second.read_text() == "content"
    assert len(list(pool.iterdir())) == 2
    assert pool.stat().st_mode & 0o077 == 0


def test_what_is_replaced_leaves_the_others(tmp_path, pool):
    first, second = (write(tmp_path / name, "x.npy", "content") for name in "ab")
    assert share(first, pool)
    assert share(second, pool)
    first.unlink()
    first.write_text("new")
    assert second.read_text() == "content"


def test_a_pool_whose_file_was_changed_is_not_believed(tmp_path, pool):
    first = write(tmp_path / "a", "x.npy", "content")
    share(first, pool)
    first.unlink()
    (entry,) = pool.iterdir()
    entry.write_text("spoilt!")
    second = write(tmp_path / "b", "x.npy", "content")
    assert share(second, pool)
    assert second.read_text() == "content"
    assert entry.read_text() == "content"


def test_small_files_and_pools_that_cannot_be_are_left_alone(tmp_path, pool, monkeypatch):
    assert not share(write(tmp_path / "a", "s.npy", "abc"), pool)
    file = write(tmp_path / "a", "x.npy", "content")
    blocked = write(tmp_path / "a", "blocked", "a file")
    assert not share(file, blocked / "pool")

    def refuse(*_):
        raise OSError("another disk")

    monkeypatch.setattr(sharing.os, "link", refuse)
    assert not share(file, pool)
    assert file.read_text() == "content"
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["blocked", "s.npy", "x.npy"]


def test_what_no_run_holds_is_removed_from_the_pool(tmp_path, pool):
    first = write(tmp_path / "a", "x.npy", "content")
    second = write(tmp_path / "b", "y.npy", "another")
    for file in (first, second):
        share(file, pool)
    first.unlink()
    own = [write(pool, name, "mine") for name in ("thesis.docx", "0" * 64 + ".npy.bak", "0" * 63)]
    clear_pool(pool)
    assert all(file.read_text() == "mine" for file in own), "nothing that we did not write"
    (entry,) = set(pool.iterdir()) - set(own)
    assert entry.read_text() == "another"
    clear_pool(tmp_path / "nowhere")
