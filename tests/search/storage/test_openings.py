"""Openings of a test split, counted once for each work that it tells something."""

import json
import shutil

import pytest
from make_run import METRIC, Blueprint, make_run

from search.record.run_folder import MANIFEST, OPENINGS
from search.storage.depot import SHARED
from search.storage.openings import (
    IDENTITY,
    MOST,
    Opening,
    count_elsewhere,
    count_opening,
    identity_of,
    openings_of,
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
    say_openings("this run", 3, said.append, 2)
    assert said == [
        f"the test split of this run was opened 3 times{earlier}: what is chosen after the first "
        "is not chosen blindly"
        for earlier in ("", ", 2 of them of runs that it starts from")
    ]


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


def started_from(folder, openings):
    """Make a run whose manifest says which openings it inherits."""
    run = make_run(folder, [Blueprint("t001", metrics={METRIC: 0.3})])
    manifest = json.loads((run / MANIFEST).read_text())
    manifest["plan"]["earlier_openings"] = sorted(openings)
    (run / MANIFEST).write_text(json.dumps(manifest))
    return run


def test_openings_of_the_runs_that_a_run_starts_from_count_for_every_command(tmp_path):
    first = started_from(tmp_path / "first", ())
    count_opening(first, opening("table", looks=2), SHARED)
    second, said = started_from(tmp_path / "second", openings_of(first)), []
    assert count_elsewhere(second, opening("model"), said.append) == 3
    assert "was opened 3 times, 2 of them of runs that it starts from" in said[0]
    assert count_opening(second, opening("confirm"), SHARED) == 4
    assert len(openings_of(second)) == 4


def test_a_look_that_was_counted_there_already_is_no_further_one(tmp_path):
    first = started_from(tmp_path / "first", ())
    count_opening(first, opening("table"), SHARED)
    second = started_from(tmp_path / "second", openings_of(first))
    assert count_opening(second, opening("table"), SHARED) == 1
    assert count_opening(second, opening("table", looks=2), SHARED) == 2


def test_where_the_manifest_is_damaged_an_opening_is_written_down_nevertheless(tmp_path):
    run, said = started_from(tmp_path / "run", ()), []
    count_opening(run, opening("confirm"), SHARED)
    (run / MANIFEST).write_text("{")
    assert count_elsewhere(run, opening("table"), said.append) == 2
    assert "a later command does not know that test is opened" in said[0]
    assert len(json.loads((run / OPENINGS).read_text())) == 2


def test_long_lists_of_strangers_count_as_the_most_that_is_told(tmp_path):
    entries = [
        {"folder": "a", "time": "", "winner": "", "id": str(i), "looks": MOST} for i in range(9999)
    ]
    (tmp_path / OPENINGS).write_text(json.dumps(entries))
    assert len(openings_of(tmp_path)) == MOST
