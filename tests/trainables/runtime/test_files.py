import json
import math
from pathlib import Path

import pytest

from searchspace.errors import UserError
from trainables.runtime.files import (
    begin_folder,
    cannot_write,
    replacement,
    to_json,
    write_atomically,
)


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


def test_a_file_is_replaced_only_when_the_block_ends(tmp_path):
    file = tmp_path / "scores.npz"
    file.write_bytes(b"old")
    with replacement(file) as part:
        part.write_bytes(b"new")
        assert file.read_bytes() == b"old"
        assert part.parent == tmp_path
        assert part.name.startswith(".")
        assert part.suffix != ".npz", "a reader that lists *.npz must not see it"
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_block_that_fails_leaves_the_old_file_alone(tmp_path):
    file = tmp_path / "scores.npz"
    file.write_bytes(b"old")

    def interrupt():
        with replacement(file) as part:
            part.write_bytes(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), replacement(tmp_path / "f"):
        pass


def test_results_go_into_a_folder_of_their_own_and_on_in_it(tmp_path):
    begin_folder(tmp_path / "deep" / "out", "plan.json")
    (tmp_path / "deep" / "out" / "plan.json").touch()
    begin_folder(tmp_path / "deep" / "out", "plan.json")
    with pytest.raises(UserError, match="out is not empty: name a new one with --out"):
        begin_folder(tmp_path / "deep" / "out", "corruptions.csv")
    with pytest.raises(UserError, match=r"plan.json is a file: name a folder with --out"):
        begin_folder(tmp_path / "deep" / "out" / "plan.json", "plan.json")


def test_a_file_where_a_folder_is_to_be_is_said(tmp_path):
    with pytest.raises(FileExistsError) as caught:
        tmp_path.mkdir()
    assert str(cannot_write(tmp_path, caught.value)).endswith("has this name, choose another")
