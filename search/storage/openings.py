"""How often the test split of a run was opened, by whom, and for which winner."""

from pathlib import Path
from typing import Any

from search.record.manifest import read_manifest
from search.record.run_folder import OPENINGS, RunFolder
from search.record.writer import now
from search.storage.depot import SHARED, Depot
from search.storage.runs import stored_at
from searchspace.errors import UserError
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.runtime.files import to_json, write_atomically
from trainables.study.study import Say


def count_opening(run: Path, folder: Path, winner: str, depot: Depot) -> int:
    """Write down that the test split of a run is opened, and return how often it was.

    Args:
        run: Folder of the run.
        folder: For what test tells; what goes on in the same folder is no further opening.
        winner: Who was chosen before.
        depot: Of the run.

    Raises:
        UserError: If the run cannot be written to, or its list of openings is damaged: how often is
            then not known.
    """
    file = inside(run, OPENINGS)
    openings = _read_openings(file)
    if all(opening["folder"] != str(folder) for opening in openings):
        openings.append({"folder": str(folder), "time": now(), "winner": winner})
        write_atomically(file, to_json(openings, indent=2) + "\n", durable=True)
        depot.send_file(file)
    return len(openings)


def count_elsewhere(run: Path, folder: Path, winner: str, say: Say) -> None:
    """Count in a run that its test split is opened by another command, and say how often it was.

    The command may do without: what it says of test does not hang on the count.

    Args:
        run: Folder of the run.
        folder: Of the other command.
        winner: What the run chose, that meets test.
        say: Told how often test was opened, and where that cannot be written.
    """
    try:
        count = count_opening(run, folder.resolve(), winner, SHARED)
        store = stored_at(read_manifest(RunFolder(run)))
    except UserError as error:
        say(f"a later command does not know that test is opened: {error}")
        return
    say_openings(run.name, count, say)
    if store:
        say(f"that test is opened is written in {run} alone, and not at {store}")


def say_openings(name: str, count: int, say: Say) -> None:
    """Say that test is not opened for the first time.

    Args:
        name: Of the run, within a sentence.
        count: How often its test split was opened.
        say: Receives the sentence.
    """
    if count > 1:
        say(
            f"the test split of {name} was opened {count} times: what is chosen after the first is "
            "not chosen blindly"
        )


def _read_openings(file: Path) -> list[dict[str, Any]]:
    try:
        openings = read_json(file)
    except FileNotFoundError:
        return []
    fields = {"folder", "time", "winner"}
    if not isinstance(openings, list) or not all(
        isinstance(opening, dict) and fields <= opening.keys() for opening in openings
    ):
        raise UserError(f"{file} is damaged: it is no list of openings of the test split")
    return openings
