"""Openings of a test split, counted once for each work that it tells something."""

import json
import shutil

import pytest
from make_run import METRIC, Blueprint, make_run

from search.record.run_folder import OPENINGS
from search.storage.depot import SHARED
from search.storage.openings import (
    IDENTITY,
    Opening,
    count_elsewhere,
    count_opening,
    identity_of,
    say_openings,
)
from searchspace.errors import UserError
from trainables.runtime.files import cannot_write


def opening(identity, folder="confirm", winner="t01", looks=1):
    return Opening(identity=identity, folder=folder, winner=winner, looks=looks)


def test_each_work_opens_test_once(tmp_path):
    first, second = opening("a"), opening("b", "final", "t02")
    counts = [count_opening(tmp_path, each, SHARED) for each in (first, first, second, first)]
    assert counts == [1, 1, 2, 2]
    openings = json.loads((tmp_path / OPENINGS).read_text())
    assert [(entry["id"], entry["folder"], entry["winner"]) for entry in openings] == [
        ("a", "confirm", "t01"),
        ("b", "final", "t02"),
    ]


def test_work_that_is_begun_anew_in_the_same_folder_opens_test_again(tmp_path):
    assert count_opening(tmp_path, opening("a"), SHARED) == 1
    assert count_opening(tmp_path, opening("b"), SHARED) == 2


def test_each_further_look_at_verdicts_is_an_opening_and_is_never_taken_back(tmp_path):
    for looks, count in ((1, 1), (3, 3), (1, 3)):
        assert count_opening(tmp_path, opening("table", looks=looks), SHARED) == count
    assert count_opening(tmp_path, opening("confirm"), SHARED) == 4


def test_an_entry_of_an_earlier_version_is_told_by_its_folder_once(tmp_path):
    entry = {"folder": "confirm", "time": "2026-01-01T00:00:00+00:00", "winner": "t01"}
    (tmp_path / OPENINGS).write_text(json.dumps([entry]))
    assert count_opening(tmp_path, opening("a"), SHARED) == 1
    assert count_opening(tmp_path, opening("b"), SHARED) == 2


def test_a_folder_keeps_its_identity_until_it_is_removed(tmp_path):
    folder = tmp_path / "out"
    first = identity_of(folder)
    assert identity_of(folder) == first
    shutil.rmtree(folder)
    assert identity_of(folder) != first
    (folder / IDENTITY).write_text("[]")
    with pytest.raises(UserError, match="is damaged: name a new folder"):
        identity_of(folder)


@pytest.mark.parametrize(
    "content",
    [
        '{"folder": "a"}',
        '[{"folder": "a"}]',
        "[1]",
        '[{"folder": "a", "time": "", "winner": "", "looks": 0}]',
        '[{"folder": "a", "time": "", "winner": "", "id": 1}]',
    ],
)
def test_a_damaged_list_is_refused_and_stays(tmp_path, content):
    (tmp_path / OPENINGS).write_text(content)
    with pytest.raises(UserError, match="is damaged: it is no list of openings"):
        count_opening(tmp_path, opening("a"), SHARED)
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
    assert count_elsewhere(run, opening("table"), said.append) == 1
    assert not said
    assert count_opening(run, opening("confirm"), SHARED) == 2
    assert count_elsewhere(run, opening("other"), said.append) == 3
    (line,) = said
    assert line.startswith("the test split of run was opened 3 times")


def test_a_run_that_cannot_be_written_to_is_paid_for_nevertheless(tmp_path, monkeypatch):
    said = []
    count_opening(tmp_path, opening("confirm"), SHARED)

    def refuse(file, *_, **__):
        raise cannot_write(file, OSError(30, "Read-only file system"))

    monkeypatch.setattr("search.storage.openings.write_atomically", refuse)
    assert count_elsewhere(tmp_path, opening("table"), said.append) == 2
    assert "a later command does not know that test is opened" in said[0]
