"""Mend a damaged run: what can be done is said first, and nothing is thrown away.

The events are the one truth. Lines that cannot be read, or cannot follow those before them, are
left out; trials that lose their end that way are run again by the next resume. Files that are
replaced or set aside stay beside, under another name.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from search.record.event import Event, parse_event
from search.record.events import Order, follow, read_lines
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.record.writer import table
from searchspace.errors import UserError
from trainables.door.opening import (
    files_below,
    left_by_dead,
    move_file,
    remove_file,
    replacement,
)
from trainables.runtime.files import write_atomically
from trainables.study import ranking_file

LOST = "was not proposed before it"


@dataclass(frozen=True)
class Step:
    """One thing that can be done.

    Attributes:
        line: What, as a sentence.
        act: Does it.
    """

    line: str
    act: Callable[[], None]


@dataclass(frozen=True)
class Lines:
    """The lines of a record.

    Attributes:
        whole: Those that can stay, in order.
        events: What they say.
        problems: Of the others: number, from 1, and what is wrong.
    """

    whole: list[bytes]
    events: list[Event]
    problems: list[tuple[int, str]]


def steps(folder: RunFolder) -> list[Step]:
    """List what can be done for a run; none where nothing is wrong.

    Raises:
        UserError: If the manifest is damaged, which nothing can rebuild; or a file cannot be read.
    """
    objective = read_manifest(folder).objective
    record, planned = sort_lines(folder), list[Step]()
    if record.problems:
        planned.append(
            Step(_omission(folder, record), lambda: _rewrite(folder.events, record.whole))
        )
        if objective is not None:
            trials = list(follow(record.events)[0].values())
            planned.append(
                Step(
                    f"{folder.table.name}: write it anew, of {len(trials)} trials",
                    lambda: write_atomically(folder.table, table(trials, objective)),
                )
            )
    return [*planned, *_damaged_scores(folder), *_left_by_dead(folder)]


def sort_lines(folder: RunFolder) -> Lines:
    """Tell lines of the record that can stay from those that cannot.

    Once the proposal of a trial is lost, all that follows is left out: the sampler proposed it
    knowing that trial.
    """
    order, whole, events = Order(), list[bytes](), list[Event]()
    problems, broken, end = list[tuple[int, str]](), set[str](), ""
    for number, line in enumerate(read_lines(folder), start=1):
        try:
            event = parse_event(line)
            if end or event.get("trial") in broken:
                raise ValueError(end or "a line of its trial before it is missing")  # noqa: TRY301
            order.check(event)
        except ValueError as error:
            problems.append((number, str(error)))
            if LOST in str(error):
                end = str(error)
            elif "reports rung" in str(error):
                broken.add(event["trial"])
            continue
        whole.append(line)
        events.append(event)
    return Lines(whole, events, problems)


def _omission(folder: RunFolder, record: Lines) -> str:
    (number, reason), count = record.problems[0], len(record.problems)
    return (
        f"{folder.events.name}: leave out {count} of {count + len(record.whole)} lines, the first "
        f"is line {number} ({reason}); the file as it is becomes {_aside(folder.events).name}"
    )


def _rewrite(file: Path, lines: list[bytes]) -> None:
    move_file(file, _aside(file))
    with replacement(file, durable=True) as part:
        part.write_bytes(b"".join(line + b"\n" for line in lines))


def _aside(file: Path) -> Path:
    """Return a free name beside a file for what it was."""
    number = 1
    while os.path.lexists(path := file.with_name(f"{file.name}.damaged-{number}")):
        number += 1
    return path


def _damaged_scores(folder: RunFolder) -> Iterator[Step]:
    if not folder.trials.is_dir():
        return
    for file in files_below(folder.trials):
        if file.name != ranking_file.NAME:
            continue
        try:
            ranking_file.read(file.parent)
        except UserError as error:
            target = _aside(file)
            yield Step(
                f"{error}: call it {target.name}, and compare the trial without it",
                lambda file=file, target=target: move_file(file, target),  # type: ignore[misc]  # defaults bind
            )


def _left_by_dead(folder: RunFolder) -> Iterator[Step]:
    for file, process in left_by_dead(folder.path):
        name = file.relative_to(folder.path).as_posix()
        yield Step(
            f"{name}: remove it, the process {process} that wrote it is gone",
            lambda file=file: remove_file(file),  # type: ignore[misc]  # as above
        )
