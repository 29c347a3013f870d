"""How often the test split of a run was opened, by whom, and for which winner.

A run that starts from another one was begun by somebody who may have seen test of that: so openings
of the other one, until then, count as openings of its own. Whether the two have test images in
common is not asked: data sets share patients that have no image in common.
"""

import hashlib
import itertools
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from search.record.manifest import read_manifest
from search.record.run_folder import OPENINGS, RunFolder
from search.record.writer import now
from search.storage.depot import SHARED, Depot
from search.storage.runs import stored_at
from searchspace.errors import UserError
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.runtime.files import cannot_write, to_json, write_atomically
from trainables.study.study import Say

IDENTITY = "opening.json"
FIELDS = frozenset({"folder", "time", "winner"})
DIGITS = 16  # of the digest of an opening
MOST = 1000  # openings that are told: each halves a level, and a list may be a stranger's

Openings = Sequence[Mapping[str, Any]]
L = TypeVar("L")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Work for which test tells something.

    Attributes:
        identity: What going on with the work keeps, and a fresh start, in the same folder even, has
            not: else who removes the folder would look again and pay for one opening.
        folder: Of the work.
        winner: Who was chosen before.
        looks: How often verdicts of the work were read, from 1.
    """

    identity: str
    folder: Path
    winner: str
    looks: int = 1


def identity_of(folder: Path) -> str:
    """Return by what openings tell the work in a folder from work begun anew in its place.

    Args:
        folder: Of the work, made where it is not there. The first call writes a file into it.

    Raises:
        UserError: If the folder cannot be written to, or the file is damaged.
    """
    file = inside(folder, IDENTITY)
    try:
        values = read_json(file)
    except FileNotFoundError:
        values = {"id": secrets.token_hex(8)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from error
        write_atomically(file, to_json(values) + "\n", durable=True)
    if not isinstance(values, dict) or not isinstance(values.get("id"), str):
        raise UserError(f"{file} is damaged: name a new folder with --out")
    return str(values["id"])


def count_opening(run: Path, opening: Opening, depot: Depot) -> int:
    """Write down that the test split of a run is opened, and return how often it was.

    Openings of the runs that this run starts from count, too.

    Args:
        run: Folder of the run.
        opening: The present one; the same again is no further one.
        depot: Of the run.

    Raises:
        UserError: If the run cannot be written to, or its list of openings is damaged: how often is
            then not known.
    """
    file = inside(run, OPENINGS)
    before = _read_openings(file)
    openings = _with(before, opening)
    if openings != before:
        write_atomically(file, to_json(openings, indent=2) + "\n", durable=True)
        depot.send_file(file)
    return _count(openings, earlier_of(run))


def openings_of(run: Path) -> frozenset[str]:
    """Return a digest of each opening of test of a run, and of the runs that it starts from.

    Each look at verdicts is an opening of its own.

    Args:
        run: Folder of the run.

    Raises:
        UserError: If the manifest or the list of openings cannot be read.
    """
    return earlier_of(run) | _digests(_read_openings(inside(run, OPENINGS)))


def earlier_of(run: Path) -> frozenset[str]:
    """Return digests of the openings of the runs that a run starts from, when it was begun.

    Args:
        run: Folder of the run.

    Raises:
        UserError: If its manifest cannot be read.
    """
    folder = RunFolder(run)
    if not folder.manifest.exists():
        return frozenset()
    return frozenset(read_manifest(folder).plan.earlier_openings)


def count_elsewhere(run: Path, opening: Opening, say: Say) -> int:
    """Count in a run that its test split is opened by another command, and return how often it was.

    The command goes on where that cannot be written, and pays for what could be read.

    Args:
        run: Folder of the run.
        opening: By the other command.
        say: Told how often test was opened, and where that cannot be written.
    """
    count = opening.looks
    try:
        openings = _with(_read_openings(inside(run, OPENINGS)), opening)
        count = _count(openings)
        try:
            earlier = earlier_of(run)
            count = _count(openings, earlier)
        finally:  # it is written down where the manifest is damaged, too
            count_opening(run, opening, SHARED)
        store = stored_at(read_manifest(RunFolder(run)))
    except UserError as error:
        say(f"a later command does not know that test is opened: {error}")
        return count
    say_openings(run.name, count, say, len(earlier))
    if store:
        say(f"that test is opened is written in {run} alone, and not at {store}")
    return count


def say_openings(name: str, count: int, say: Say, earlier: int = 0) -> None:
    """Say that test is not opened for the first time.

    Args:
        name: Of the run, within a sentence.
        count: How often its test split was opened.
        say: Receives the sentence.
        earlier: How many of these in runs that it starts from.
    """
    if count > 1:
        say(
            f"the test split of {name} was opened {count} times{in_earlier(earlier)}: what is "
            "chosen after the first is not chosen blindly"
        )


def in_earlier(count: int) -> str:
    """Say how many openings are those of runs that a run starts from; nothing for none."""
    return f", {count} of them of runs that it starts from" if count else ""


def add_looks(file: Path, present: Iterable[L], is_look: Callable[[object], bool]) -> list[L]:
    """Add looks to the list in a file, which may be missing, and return the list.

    Args:
        file: Of the list.
        present: The present ones, as JSON values; those that are in the list already are none.
        is_look: Tells whether a value in the file is a look.

    Raises:
        UserError: If the list is damaged.
    """
    try:
        before = read_json(file)
    except FileNotFoundError:
        before = []
    if not isinstance(before, list) or not all(map(is_look, before)):
        raise UserError(f"{file} is damaged: it is no list of looks at verdicts; name a new --out")
    looks = [*before, *(look for look in present if look not in before)]
    if looks != before:
        write_atomically(file, to_json(looks, indent=2) + "\n", durable=True)
    return looks


def _with(openings: Openings, opening: Opening) -> list[dict[str, Any]]:
    """Return a list in which an opening is, with as many looks as it ever had.

    Entries of earlier versions have no identity: there the folder tells, and they get it.
    """
    entries = [dict(entry) for entry in openings]
    same = [entry for entry in entries if entry.get("id") == opening.identity] or [
        entry for entry in entries if "id" not in entry and entry["folder"] == str(opening.folder)
    ]
    if same:
        looks = max(same[0].get("looks", 1), opening.looks)
        same[0].update(id=opening.identity, looks=looks)
        return entries
    fields = {"folder": str(opening.folder), "time": now(), "winner": opening.winner}
    return [*entries, {**fields, "id": opening.identity, "looks": opening.looks}]


def _count(openings: Openings, earlier: frozenset[str] = frozenset()) -> int:
    """Return how often test was opened; each look at verdicts is an opening of its own.

    Args:
        openings: Of a run.
        earlier: Digests of those of the runs that it starts from.
    """
    return min(MOST, len(_digests(openings) | earlier))


def _digests(openings: Openings) -> frozenset[str]:
    """Return a digest of each look: as many as are told, at most."""
    looks = (
        f"{entry.get('id', entry['folder'])} {look}"
        for entry in openings
        for look in range(entry.get("looks", 1))
    )
    return frozenset(
        hashlib.sha256(look.encode()).hexdigest()[:DIGITS] for look in itertools.islice(looks, MOST)
    )


def _read_openings(file: Path) -> list[dict[str, Any]]:
    try:
        openings = read_json(file)
    except FileNotFoundError:
        return []
    if not isinstance(openings, list) or not all(map(_is_whole, openings)):
        raise UserError(f"{file} is damaged: it is no list of openings of the test split")
    return openings


def _is_whole(entry: object) -> bool:
    if not isinstance(entry, dict) or not entry.keys() >= FIELDS:
        return False
    looks, identity = entry.get("looks", 1), entry.get("id", "")
    return type(looks) is int and 1 <= looks <= MOST and isinstance(identity, str)
