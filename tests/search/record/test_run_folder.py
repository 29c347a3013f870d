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


def test_emptying_a_run_folder_leaves_the_folder(tmp_path):
    folder = create_run_folder(tmp_path)
    folder.manifest.write_text("{}")
    RunFolder(tmp_path).empty()
    assert list(tmp_path.iterdir()) == []
