"""Where things lie in a run folder."""

import os
from pathlib import Path

import pytest

from search.record.run_folder import RunFolder, create_run_folder
from searchspace.errors import UserError


def test_a_run_folder_must_be_new_or_empty(tmp_path):
    assert create_run_folder(tmp_path / "a" / "b").assets.is_dir()
    with pytest.raises(UserError, match=r"b is not empty: name a new one with --run$"):
        create_run_folder(tmp_path / "a" / "b")


def test_a_run_folder_cannot_be_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^cannot write .*Not a directory$"):
        create_run_folder(tmp_path / "file" / "run")


def test_a_withdrawn_run_leaves_its_folder_empty(tmp_path):
    folder = create_run_folder(tmp_path)
    for file in (folder.manifest, folder.run_file, folder.lock, folder.journal):
        file.write_text("{}")
    (folder.assets / "split").mkdir()
    folder.preparing.mkdir()
    assert folder.withdraw()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_anything_else_is_not_withdrawn(tmp_path):
    folder = create_run_folder(tmp_path)
    folder.manifest.write_text("{}")
    (tmp_path / "thesis.tex").write_text("")
    assert not folder.withdraw()
    assert folder.contents() == ["assets", "manifest.json", "thesis.tex"]


def test_the_best_trials_folder_is_copied_from_where_it_is_brought(tmp_path):
    """The run folder itself has no trials: they lie in a store."""
    store = tmp_path / "store"

    def bring(path: Path) -> Path:
        return store / path.name

    (store / "t001").mkdir(parents=True)
    (store / "t001" / "model.json").write_text("{}")
    folder = RunFolder(tmp_path / "run", bring)
    folder.path.mkdir()
    folder.keep_best("t001")
    assert (folder.best / "model.json").read_text() == "{}"
    folder.keep_best("absent")
    assert folder.contents() == ["best"]


def test_hidden_files_are_not_listed(tmp_path):
    for name in (".lock", "events.jsonl", "assets"):
        (tmp_path / name).write_text("")
    assert RunFolder(tmp_path).contents() == ["assets", "events.jsonl"]


def test_paths_of_a_trial(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.saved("t001") == folder.trial("t001") == tmp_path / "trials" / "t001"
    assert folder.checkpoint("t001") == tmp_path / "trials" / "t001" / "checkpoint.safetensors"


def test_what_a_dead_process_was_about_to_write_is_removed_and_nothing_of_the_users(tmp_path):
    dead = 2**22 + 7  # beyond the numbers that Linux gives
    folder, names = RunFolder(tmp_path), ("model.json", "ranking.npz", "checkpoint.safetensors")
    ours = [tmp_path / f".manifest.json.{dead}", tmp_path / f".trials.csv.{dead}"]
    ours += [folder.trial("t001") / f".{name}.{dead}" for name in names]
    users = [
        *(tmp_path / f".thesis.tex.{dead}", tmp_path / "notes" / f".model.json.{dead}"),
        *(tmp_path / f".manifest.json.{os.getpid()}", tmp_path / ".manifest.json.old"),
        folder.trial("t001") / f".data.{dead}",
    ]
    for file in (*ours, *users):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    folder.clear_left()
    assert not [file for file in ours if file.exists()]
    assert [file for file in users if file.exists()] == users
