"""A study by its path."""

import pytest
import toy_study

from search.study import StudyRow, load_study
from searchspace.errors import UserError
from trainables.studies.tsynd.settings import TSynDSettings

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")
UNFINISHED = """
from trainables.study.study import Study

class Half(Study):
    def space(self, settings): ...
"""


def test_a_study_is_loaded_from_its_path():
    assert isinstance(TOY.load(), toy_study.ToyStudy)
    assert TOY.load_settings() is toy_study.Settings


def test_settings_are_loaded_without_the_study_where_their_path_is_known():
    row = StudyRow("tsynd", "", "nowhere:X", "trainables.studies.tsynd.settings:TSynDSettings")
    assert row.load_settings() is TSynDSettings


def test_what_is_no_study_is_refused():
    with pytest.raises(UserError, match=r"toy_study:quality is of type function: give a subclass"):
        load_study("toy_study:quality")


def test_an_unfinished_study_is_told_what_it_lacks(tmp_path):
    (tmp_path / "half.py").write_text(UNFINISHED)
    with pytest.raises(UserError, match="is unfinished: it lacks build, complete, examine, "):
        load_study(f"{tmp_path}/half.py:Half")


@pytest.mark.parametrize(
    ("recorded", "changes"),
    [
        (None, []),
        ({"package": "toybox 1.2"}, []),
        ({"file": "/a/mine.py", "sha256": "1"}, []),
        ({"file": "/a/mine.py", "sha256": "2"}, ["/b/mine.py"]),
    ],
)
def test_a_file_that_is_another_than_the_recorded_one_is_named(recorded, changes):
    row = StudyRow("mine", "", "/b/mine.py:X", source={"file": "/b/mine.py", "sha256": "1"})
    assert row.changes(recorded) == changes
