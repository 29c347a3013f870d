"""Code that only a record names is not run: the user has to have named it."""

import pytest

from search.cli import recorded
from search.cli.recorded import finder, named_study
from search.studies import STUDIES
from searchspace.errors import UserError

STUDY = """
from toy_study import ToyStudy

class Mine(ToyStudy):
    pass
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(STUDY)
    return f"{file}:Mine"


def test_a_study_of_the_table_is_found_by_its_name():
    assert finder(None)("tsynd") is STUDIES["tsynd"]


@pytest.mark.parametrize("name", ["elsewhere:Mine", "/nowhere/evil.py:Mine"])
def test_a_path_that_only_the_record_names_is_refused(name):
    with pytest.raises(UserError, match=f"never started here, {name}: if you trust") as error:
        finder(None)(name)
    assert "\n" not in str(error.value)


def test_no_line_of_a_file_that_only_the_record_names_is_run(tmp_path):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UserError):
        finder(None)(f"{tmp_path}/evil.py:Mine")
    assert not (tmp_path / "ran").exists()


def test_what_the_user_has_named_before_is_found_again(path, cache):
    named_study(path)
    named_study(path)
    assert finder(None)(path).module == path
    assert (cache / recorded.NAMED).read_text() == f"{path}\n"


def test_a_name_relative_to_the_folder_is_remembered_as_absolute(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named_study("./mine.py:Mine")
    assert finder(None)(path).name == "toy"


def test_the_user_may_say_where_the_study_is_now(path):
    assert finder(path)("/gone/mine.py:Mine").module == path


def test_where_nothing_can_be_remembered_the_study_still_runs(path, cache):
    cache.write_text("a file in the folder's place")
    assert named_study(path).name == "toy"
    with pytest.raises(UserError, match="add --study"):
        finder(None)(path)
