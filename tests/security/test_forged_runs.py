"""A stranger's run is data: whatever it holds, what opens it changes nothing else, and says a line.

Each forgery is opened by every command that reads a run. A command either refuses it, in one line,
or works as if the forged part were not there; nothing beside the run changes, memory is bounded.
"""

import json
import shutil

import forgeries
import pytest
from peak import MEMORY_MIB, peak_mib
from rich.console import Console
from whole_analysis import analyse

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.run.runner import replay, resume
from search.run.status import show
from search.study import StudyRow
from searchspace.errors import UserError

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")


def find(plan):
    if plan.study != "toy":
        raise UserError(f"unknown study '{plan.study}'")
    return TOY


READERS = {
    "status": show,
    "replay": lambda folder, console: replay(folder, find, console),
    "analysis": analyse,
    "resume": lambda folder, console: resume(folder, {}, find, console),
}
PLAN = ConfirmPlan(top=1, seeds=1, attacks="quick")
COMMANDS = READERS | {
    "confirm": lambda folder, console: confirm(
        folder, PLAN, None, {"in_process": True}, find, console
    )
}


def open_forged(command, folder, capsys):
    """Give a command; return its error, or an empty text, after checking what must always hold."""
    before = peak_mib(reset=True)
    try:
        COMMANDS[command](folder, Console(width=80))
        message = ""
    except UserError as error:
        message = str(error)
        assert "\n" not in message
    printed = capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\u202e"}, "an escape reached the terminal"
    assert peak_mib() - before < MEMORY_MIB
    return message


def cases(*tables):
    return [
        pytest.param(forge, title, id=f"{name}: {title}")
        for name in tables
        for title, forge in getattr(forgeries, name).items()
    ]


def status_of(folder):
    return json.loads((folder / "manifest.json").read_text())["status"]


# What a command does not read, or only shows, it need not refuse.
LENIENT = {
    "analysis": {
        *("an unknown sampler", "an unknown study", "of a confirmation"),
        *("an unknown scheduler", "settings of another type", "another point"),
    },
    "replay": {"another point"},
    "confirm": {"an unknown scheduler", "another point"},
}


@pytest.mark.parametrize(("forge", "title"), cases("MANIFESTS", "RECORDS"))
def test_a_forged_record_is_refused(forge, title, forged, outside, canary, capsys):
    forge(forged, outside)
    before = canary()
    for command in COMMANDS:
        message = open_forged(command, forged, capsys)
        if command != "status" and title not in LENIENT.get(command, ()):
            assert message, command
    assert canary() == before


@pytest.mark.parametrize(
    ("forge", "title"), cases("HARMLESS", "SCORES", "SHEETS", "LINKS", "CLAIMS")
)
def test_what_is_forged_beside_it_harms_nobody(forge, title, forged, outside, canary, capsys):
    """And the run is what it was: finished."""
    forge(forged, outside)
    before = canary()
    for command in READERS:
        open_forged(command, forged, capsys)
    assert canary() == before
    assert status_of(forged) == "finished"


@pytest.mark.parametrize(("forge", "title"), cases("CONFIRMATIONS"))
@pytest.mark.parametrize("command", ["analysis", "confirm"])
def test_a_forged_confirmation_is_refused(forge, title, command, forged, outside, canary, capsys):
    forge(forged, outside)
    before = canary()
    assert open_forged(command, forged, capsys)
    assert canary() == before


@pytest.mark.parametrize(
    "title", ["the confirmation", "assets", "trials", "a file of best", "the table"]
)
def test_a_confirmation_follows_no_link(title, forged, outside, canary, capsys):
    forgeries.LINKS[title](forged, outside)
    before = canary()
    open_forged("confirm", forged, capsys)
    assert canary() == before


@pytest.mark.parametrize(
    ("title", "command"),
    [*((title, "resume") for title in forgeries.PLACES), ("a bucket", "confirm")],
)
def test_no_place_is_used_that_only_the_record_names(title, command, forged, outside, capsys):
    forgeries.PLACES[title](forged, outside)
    message = open_forged(command, forged, capsys)
    assert "was not made here by you, and names places: to use them add --" in message


def test_an_unprepared_run_among_own_files_takes_nothing_with_it(forged, outside, canary, capsys):
    """The worst of the first attacks: everything beside the manifest was deleted."""
    forgeries._manifest(objective=None)(forged, outside)
    (forged / "events.jsonl").unlink()
    for name in ("thesis/chapter.tex", "data.csv", "assets/mine.npz"):
        (forged / name).parent.mkdir(exist_ok=True)
        (forged / name).write_text(name)
    files = {path for path in forged.rglob("*") if path.is_file() and path.name != "study.journal"}
    before = canary()
    message = open_forged("resume", forged, capsys)
    assert "assets holds files, but the run was not prepared" in message
    assert canary() == before
    assert {path for path in forged.rglob("*") if path.is_file()} >= files


def test_the_run_itself_is_opened_by_every_command(forged, outside, capsys):
    """Otherwise the rest would show nothing."""
    for command in COMMANDS:
        assert open_forged(command, forged, capsys) == ""


def test_a_moved_run_works(forged, outside, canary, capsys, tmp_path):
    assert open_forged("confirm", forged, capsys) == ""
    moved = tmp_path / "outside" / "folder" / "moved"
    shutil.move(forged, moved)
    assert not [path for path in moved.rglob("*") if path.is_symlink()]
    assert open_forged("analysis", moved, capsys) == ""
    assert open_forged("resume", moved, capsys) == ""
