"""Studies of the table, of packages, of files."""

import hashlib

import pytest

from search.studies import STUDIES, about, find_study
from searchspace.errors import UserError

MINE = """
from toy_study import ToyStudy

class Mine(ToyStudy):
    pass
"""


@pytest.mark.parametrize("row", STUDIES.values(), ids=STUDIES)
def test_a_row_and_the_study_say_the_same(row):
    description = row.load().about
    assert (description.name, description.title) == (row.name, row.title)
    assert row.load_settings() is row.load().settings
    assert about(row.name) is description


def test_no_row_no_description():
    assert about("nowhere") is None


def test_a_name_that_is_near_is_told_the_nearest():
    with pytest.raises(UserError, match="unknown study 'tsind': did you mean tsynd"):
        find_study("tsind")


def test_a_study_from_a_file_has_an_absolute_path_and_says_where_it_comes_from(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    row = find_study("./mine.py:Mine")
    assert (row.name, row.title, row.path) == ("toy", "a toy", f"{tmp_path}/mine.py:Mine")
    assert row.source == {
        "file": str(tmp_path / "mine.py"),
        "sha256": hashlib.sha256(MINE.encode()).hexdigest(),
    }


def test_a_study_that_does_not_describe_itself_is_refused(tmp_path):
    (tmp_path / "mute.py").write_text(
        "from toy_study import ToyStudy\n"
        "from trainables.study.settings import StudySettings\n"
        "class Mute(ToyStudy):\n    settings = StudySettings\n"
    )
    with pytest.raises(UserError, match="does not describe itself: give its settings an about"):
        find_study(f"{tmp_path}/mute.py:Mute")
