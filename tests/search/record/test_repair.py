"""A damaged run is mended as far as its events reach, and only when the user says so."""

import json

import pytest
from rich.console import Console
from typer.testing import CliRunner
from whole_runs import check_whole, events_of

from search.cli.app import app
from search.record.events import read_events
from search.record.repair import sort_lines, steps
from search.record.run_folder import RunFolder
from search.run.runner import replay
from searchspace.errors import UserError


@pytest.fixture
def run(run_toy):
    """A run that has ended: three sampled trials and two references."""
    return RunFolder(run_toy(trials=3, scheduler="fifo")[1])


def damage(run, change):
    lines = run.events.read_text().splitlines(keepends=True)
    run.events.write_text("".join(change(lines)))


def repair(run, *options):
    result = CliRunner().invoke(app, ["repair", str(run.path), *options])
    assert result.exit_code == 0, result.output
    return result.output


def index_of(run, kind, trial):
    events = [json.loads(line) for line in run.events.read_text().splitlines()]
    return next(
        number
        for number, event in enumerate(events)
        if (event["event"], event.get("trial")) == (kind, trial)
    )


def test_a_whole_run_needs_nothing(run):
    assert steps(run) == []
    assert "nothing is damaged" in repair(run)


DAMAGES = {
    "garbage that is ended": lambda lines: [*lines, "garbage\n"],
    "garbage in the middle": lambda lines: [*lines[:4], "{\n", *lines[4:]],
    "a line twice": lambda lines: [*lines[:4], lines[3], *lines[4:]],
    "values of another type": lambda lines: [*lines, '{"event": "ended", "elapsed_s": "1"}\n'],
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_lines_too_many_are_left_out_on_request_alone(run, change):
    before = run.events.read_bytes()
    damage(run, change)
    damaged = run.events.read_bytes()
    assert "leave out 1 of" in repair(run)
    assert run.events.read_bytes() == damaged, "it was only asked"
    assert "done; go on with: python -m search resume" in repair(run, "--yes")
    assert run.events.read_bytes() == before
    assert run.events.with_name("events.jsonl.damaged-1").read_bytes() == damaged
    assert steps(run) == []


def test_a_trial_that_loses_a_report_is_run_again(run, take_up, toy):
    """Its proposal is there, so the sampler's answers stay what they were."""
    number = index_of(run, "reported", "t002")
    damage(run, lambda lines: [*lines[:number], "{\n", *lines[number + 1 :]])
    with pytest.raises(UserError, match="python -m search repair"):
        take_up(run.path)
    repair(run, "--yes")
    assert "t002" not in {e["trial"] for e in events_of(run.path, "ended")}
    assert take_up(run.path)[0] == 0
    check_whole(run.path, 3)
    assert replay(run.path, lambda name: toy, Console(width=80)) == 0


def test_after_a_lost_proposal_the_record_ends(run, take_up):
    """The sampler knew that trial when it proposed the next."""
    number = index_of(run, "proposed", "t002")
    damage(run, lambda lines: [*lines[:number], *lines[number + 1 :]])
    record = sort_lines(run)
    assert len(record.whole) == number
    repair(run, "--yes")
    trials = {event["trial"] for event in read_events(run) if "trial" in event}
    assert trials == {"r01", "r02", "t001"}
    assert take_up(run.path)[0] == 0
    check_whole(run.path, 3)


def test_damaged_scores_are_set_aside(run, take_up):
    winner = json.loads(run.manifest.read_text())["winner"]
    file = run.trial(winner) / "ranking.npz"
    file.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"ranking\.npz is damaged"):
        take_up(run.path)
    assert json.loads(run.manifest.read_text())["status"] == "finished"
    assert "compare the trial without it" in repair(run, "--yes")
    assert file.with_name("ranking.npz.damaged-1").read_bytes() == b"PK"
    assert take_up(run.path)[0] == 0


def test_what_dead_processes_left_is_removed(run):
    for name in (".manifest.json.999999999", "trials/t001/.model.json.999999999", ".lock.mine"):
        (run.path / name).write_text("half")
    assert "the process 999999999 that wrote it is gone" in repair(run, "--yes")
    assert not list(run.path.rglob("*.999999999"))
    assert (run.path / ".lock.mine").exists()


def test_a_damaged_manifest_is_beyond_repair_and_the_remedy_is_said(run):
    run.manifest.write_text("{")
    with pytest.raises(UserError, match=r"put it back from a copy, or search again: .* --config"):
        steps(run)
    run.run_file.unlink()  # a cell of a table has none
    with pytest.raises(UserError, match=r"put it back from a copy$"):
        steps(run)
