"""What is tried before the sampler's proposals."""

import json

import pytest
import toy_study
from whole_runs import events_of

from search.record.run_folder import OPENINGS
from search.run.first import BEST, best_points, earlier_items, earlier_openings, first_points
from search.storage.depot import SHARED
from search.storage.openings import Opening, count_opening
from searchspace.errors import UserError


def test_the_best_of_an_earlier_run_come_first_in_the_next(run_toy, tmp_path):
    run_toy("early", trials=12, scheduler="fifo", seed=5)
    points = best_points(tmp_path / "early", "toy")
    ended = events_of(tmp_path / "early", "reported")
    values = {event["trial"]: event["value"] for event in ended}
    proposed = {e["trial"]: e["point"] for e in events_of(tmp_path / "early", "proposed")}
    order = sorted((t for t in values if proposed[t]), key=values.get, reverse=True)
    assert points == [proposed[trial] for trial in order[:BEST]]
    _, later, _ = run_toy("later", trials=8, first=tuple(points), references="few", seed=9)
    sampled = [e["point"] for e in events_of(later, "proposed") if not e["label"]]
    assert sampled[:BEST] == points


def test_the_users_own_come_before_those(run_toy, tmp_path):
    run_toy("early", trials=3)
    own = [{"x": 0.25, "lr": 0.5, "kind": "c"}]
    (tmp_path / "own.json").write_text(json.dumps(own))
    found = first_points(tmp_path / "own.json", [tmp_path / "early"], "toy")
    assert found[0] == own[0]
    assert len(found) > 1


def test_a_byte_order_mark_before_them_does_not_matter(tmp_path):
    """As editors of Windows write it."""
    (tmp_path / "own.json").write_text('[{"x": 0.25}]', encoding="utf-8-sig")
    assert first_points(tmp_path / "own.json", [], "toy") == [{"x": 0.25}]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot read"), ("{}", "holds no list"), ("[1]", "holds no list")],
)
def test_what_is_no_list_of_points_is_told(tmp_path, text, message):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(UserError, match=message):
        first_points(tmp_path / "own.json", [], "toy")


def test_a_run_of_another_study_and_a_point_outside_the_space_are_told(run_toy, tmp_path):
    run_toy("early", trials=2)
    with pytest.raises(UserError, match="is a run of toy, not of tsynd"):
        best_points(tmp_path / "early", "tsynd")
    inside = {"x": 0.0, "lr": 0.1, "kind": "a"}
    line = "config 2 of those tried first: kind is 'z': choose from a, b, c"
    with pytest.raises(UserError, match=line):
        run_toy(first=(inside, inside | {"kind": "z"}))


def test_what_earlier_runs_used_counts_with_what_these_started_from(run_toy, tmp_path, monkeypatch):
    monkeypatch.setattr(toy_study.ToyStudy, "used_items", lambda _, assets: (assets.parent.name,))
    run_toy("second", trials=1, earlier_items=("first",))
    run_toy("apart", trials=1)
    runs, study = [tmp_path / "second", tmp_path / "apart"], toy_study.ToyStudy()
    assert earlier_items(runs, study) == ("apart", "first", "second")
    assert earlier_items([], study) == ()


def opening(identity, looks=1):
    return Opening(identity=identity, folder=identity, winner="t01", looks=looks)


def test_openings_of_earlier_runs_count_with_those_of_what_these_started_from(run_toy, tmp_path):
    """Each once, though two of the runs started from the same one."""
    _, root, _ = run_toy("root", trials=1)
    assert count_opening(root, opening("a"), SHARED) == 1
    before = earlier_openings([root])
    count_opening(root, opening("later"), SHARED)  # nobody who began the next two saw it
    folders = [run_toy(name, trials=1, earlier_openings=before)[1] for name in ("left", "right")]
    assert count_opening(folders[0], opening("b", looks=2), SHARED) == 3
    assert len(earlier_openings(folders)) == 3
    assert set(before) < set(earlier_openings(folders))
    assert earlier_openings([]) == ()


def test_a_damaged_list_of_openings_is_nothing_to_start_from(run_toy, tmp_path):
    _, run, _ = run_toy(trials=1)
    (run / OPENINGS).write_text("[1]")
    with pytest.raises(UserError, match=r"^.*is damaged: it is no list of openings") as error:
        earlier_openings([run])
    assert "\n" not in str(error.value)
