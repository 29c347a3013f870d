import json
import math
from pathlib import Path

import pytest

from search.record.run_folder import RunFolder, create_run_folder
from searchspace.errors import UserError
from trainables.runtime.files import to_json, write_atomically


def test_json_is_strict():
    text = to_json({"a": math.nan, "b": [math.inf, 1.5, True, None], "c": Path("x"), 3: ("y",)})
    assert json.loads(text, parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, 1.5, True, None],
        "c": "x",
        "3": ["y"],
    }


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "f"
    write_atomically(file, "old")
    write_atomically(file, "new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_says_so_in_one_line(tmp_path):
    with pytest.raises(UserError, match=r"^cannot write .*No such file or directory$"):
        write_atomically(tmp_path / "absent" / "f", "text")


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
