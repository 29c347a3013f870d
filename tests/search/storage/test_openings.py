"""Openings of a test split, counted once for each folder."""

import json

import pytest
from make_run import METRIC, Blueprint, make_run

from search.record.run_folder import OPENINGS
from search.storage.depot import SHARED
from search.storage.openings import count_elsewhere, count_opening, say_openings
from searchspace.errors import UserError


def test_each_folder_opens_test_once(tmp_path):
    first, second = tmp_path / "confirm", tmp_path / "final"
    counts = [
        count_opening(tmp_path, folder, name, SHARED)
        for folder, name in ((first, "t01"), (first, "t01"), (second, "t02"), (first, "t01"))
    ]
    assert counts == [1, 1, 2, 2]
    openings = json.loads((tmp_path / OPENINGS).read_text())
    assert [(opening["folder"], opening["winner"]) for opening in openings] == [
        (str(first), "t01"),
        (str(second), "t02"),
    ]


@pytest.mark.parametrize("content", ['{"folder": "a"}', '[{"folder": "a"}]', "[1]"])
def test_a_damaged_list_is_refused_and_stays(tmp_path, content):
    (tmp_path / OPENINGS).write_text(content)
    with pytest.raises(UserError, match="is damaged: it is no list of openings"):
        count_opening(tmp_path, tmp_path / "confirm", "t01", SHARED)
    assert (tmp_path / OPENINGS).read_text() == content


def test_what_is_opened_again_is_said():
    said = []
    say_openings("this run", 1, said.append)
    assert not said
    say_openings("this run", 3, said.append)
    (line,) = said
    assert line.startswith("the test split of this run was opened 3 times: what is chosen after")


def test_what_another_command_opens_is_counted_in_the_run(tmp_path):
    said, run = [], make_run(tmp_path / "run", [Blueprint("t001", metrics={METRIC: 0.3})])
    count_elsewhere(run, tmp_path / "table", "tuned", said.append)
    assert not said
    assert count_opening(run, run / "confirm", "t001", SHARED) == 2
    count_elsewhere(run, tmp_path / "other", "tuned", said.append)
    (line,) = said
    assert line.startswith("the test split of run was opened 3 times")
