"""Read ``events.jsonl``, the record of a run, and make of it again what was written."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import NamedTuple

from search.engine.trial import State, Trial
from search.record.event import ABOUT_A_TRIAL, Event, parse_event
from search.record.run_folder import RunFolder
from searchspace.errors import UserError
from trainables.door.opening import MIB, open_file, remove_file, remove_folder, too_long
from trainables.study.report import Report

QUESTIONS = frozenset({"known", "refused"})  # questions to the sampler before the next trial
ENDS = frozenset({State.COMPLETED, State.PRUNED, State.FAILED})
# Up to 12 kB and 350 values a trial. As Python's objects, a value takes up to 200 bytes.
LINE_BYTES, RECORD_BYTES, RECORD_VALUES = MIB, 64 * MIB, 2_000_000
# Of metrics, parameters and so on: each becomes a column of tables, whether a row has it or not.
NAMED = ("config", "metrics", "constraints", "intervals", "seconds")
NAMES, CELLS = 1000, 10_000_000
LARGEST = 1e100


class TimedReport(NamedTuple):
    """A report, and when it came, in seconds from the start of the run."""

    time_s: float
    trial: str
    report: Report


def read_events(folder: RunFolder, limit: int = RECORD_BYTES) -> list[Event]:
    """Read the events; a last line that a killed run left unfinished is dropped.

    Args:
        folder: Of the run.
        limit: Bytes that the record may have.

    Raises:
        UserError: If the file cannot be read, or a line of it is damaged, missing or there twice.
    """
    events, order, values = list[Event](), Order(), 0
    for number, line in enumerate(read_lines(folder, limit), start=1):
        values += values_in(line)
        try:
            if values > RECORD_VALUES:
                raise ValueError(f"there are {values} values up to it")  # noqa: TRY301
            event = parse_event(line)
            order.check(event)
        except ValueError as error:
            raise damaged_line(folder, number, str(error)) from None
        events.append(event)
    return events


def values_in(line: bytes) -> int:
    """Return about how many values a line of the record has."""
    return sum(line.count(sign) for sign in (b"{", b"[", b","))


def read_lines(folder: RunFolder, limit: int = RECORD_BYTES) -> Iterator[bytes]:
    """Yield the lines of the record that were finished, without their ends.

    Args:
        folder: Of the run.
        limit: Bytes that the record may have.

    Raises:
        UserError: If the file cannot be read, or it or a line of it is too long.
    """
    try:
        with open_file(folder.events) as file:
            size = file.seek(0, 2)
            if size > limit:
                raise too_long(folder.events, size, limit)
            file.seek(0)
            number = 0
            while line := file.readline(LINE_BYTES + 1):
                number += 1
                if len(line) > LINE_BYTES:
                    raise damaged_line(folder, number, f"it has more than {LINE_BYTES} bytes")
                if line.endswith(b"\n"):  # else the rest of a killed run
                    yield line[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"cannot read {folder.events}: {error.strerror or error}") from None


def damaged_line(folder: RunFolder, number: int, reason: str) -> UserError:
    """Say which line is damaged, why, and what to do.

    Args:
        folder: Of the run.
        number: Of the line, from 1.
        reason: In a few words.
    """
    return UserError(
        f"line {number} of {folder.events} is damaged: {reason:.200}; what can be done says: "
        f"python -m search repair {folder.path}"
    )


class Order:
    """Whether events can follow each other: a missing line, or one that is there twice, shows.

    And whether tables of them, a row a report and a column a name, can be held in memory.
    """

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._rungs: dict[str, int] = {}
        self._names: set[tuple[str, str]] = set()
        self._rows = 0

    def check(self, event: Event) -> None:
        """Take the next event.

        Raises:
            ValueError: If it cannot follow those before it.
        """
        kind = event["event"]
        self._count(event)
        if kind == "proposed":
            self._propose(event)
        elif kind == "repeated":
            self._check_proposed(event["trials"])
        elif "trial" not in event:
            if kind in ABOUT_A_TRIAL:
                raise ValueError("it has no trial")
        else:
            self._check_proposed([event["trial"]])
            self._follow(event)

    def _count(self, event: Event) -> None:
        self._rows += event["event"] in {"proposed", "reported"}
        self._names.update((part, name) for part in NAMED for name in event.get(part) or ())
        if len(self._names) > NAMES or len(self._names) * self._rows > CELLS:
            raise ValueError(
                f"there are {len(self._names)} names of metrics and parameters up to it, in "
                f"{self._rows} reports and configs"
            )

    def _check_proposed(self, trials: Iterable[str]) -> None:
        for trial in trials:
            if trial not in self._states:
                raise ValueError(f"{trial} was not proposed before it")

    def _follow(self, event: Event) -> None:
        kind, trial = event["event"], event["trial"]
        if kind == "reported":
            self._report(event)
        elif kind == "ended":
            if self._states[trial] in ENDS:
                raise ValueError(f"{trial} has ended before")
            self._states[trial] = State(event["state"])
        elif kind in {"restarted", "retried"}:
            self._states[trial] = State.RUNNING

    def _propose(self, event: Event) -> None:
        trial, repeats = event["trial"], event.get("repeats")
        if trial in self._states:
            raise ValueError(f"{trial} was proposed before")
        if repeats and repeats not in self._states:
            raise ValueError(f"{repeats}, which it repeats, was not proposed before it")
        if event.get("by_value") and not repeats:
            raise ValueError("it has no trial that it repeats")
        if repeats and "seed" not in event:
            raise ValueError("it has no seed")
        self._states[trial] = State.RUNNING

    def _report(self, event: Event) -> None:
        trial = event["trial"]
        rung, last = event.get("rung", 0), self._rungs.get(trial, -1)
        if self._states[trial] in ENDS:
            raise ValueError(f"{trial} has ended before")
        if "rung" in event and rung <= last:
            raise ValueError(f"{trial} reported rung {rung} before")
        if "rung" in event and rung > last + 1:
            raise ValueError(f"{trial} reports rung {rung}, and not rung {last + 1} before it")
        self._rungs[trial] = rung


def cut_unfinished(folder: RunFolder) -> None:
    """Remove from the end what a killed run left unfinished.

    That is part of a line, and questions to the sampler that did not come to a trial: they will be
    asked again, and must not be in the record twice.

    Raises:
        UserError: If the record is damaged.
    """
    if not folder.events.exists():
        return
    events = read_events(folder)
    sizes = [len(line) + 1 for line in read_lines(folder)]
    while events and events[-1]["event"] in QUESTIONS:
        events.pop()
        sizes.pop()
    with open_file(folder.events, "update") as file:
        file.truncate(sum(sizes))


def clear_unfinished(folder: RunFolder) -> list[Event]:
    """Return the events of a run that is to go on; remove what it left unfinished.

    And what follows from its record, and is made anew.

    Raises:
        UserError: If a file cannot be removed, or the record is damaged.
    """
    try:
        cut_unfinished(folder)
        for file in (folder.journal, folder.journal.with_name(f"{folder.journal.name}.lock")):
            remove_file(file)
        remove_folder(folder.scratch)
        folder.clear_left()
    except OSError as error:
        raise UserError(f"cannot take up {folder.path}: {error.strerror or error}") from error
    return read_events(folder)


def follow(events: Iterable[Event]) -> tuple[dict[str, Trial], list[TimedReport]]:
    """Return the trials as they stood at the last event, and every report.

    Raises:
        KeyError, TypeError, ValueError: If an event is not one of this version.
    """
    trials: dict[str, Trial] = {}
    reported = []
    for event in events:
        time_s = float(event["elapsed_s"])
        if "node" in event:
            trials[event["trial"]].node = event["node"]
        match event["event"]:
            case "proposed":
                trials[event["trial"]] = _trial(event)
            case "restarted" | "retried":
                trial = trials[event["trial"]]
                trial.state, trial.reason, trial.ended_s = State.RUNNING, "", None
            case "reported":
                report = report_of(event)
                trials[event["trial"]].reports.append(report)
                reported.append(TimedReport(time_s, event["trial"], report))
            case "matched":
                trials[event["trial"]].controls = event["controls"]
            case "judged":
                _judge(trials[event["trial"]], event)
            case "ended":
                trial = trials[event["trial"]]
                trial.state, trial.reason = State(event["state"]), event["reason"]
                trial.ended_s = time_s
    return trials, reported


def report_of(event: Event) -> Report:
    """Make the report of a ``reported`` event; null stands for NaN."""
    values = {field.name: event[field.name] for field in fields(Report) if field.name in event}
    for name in ("metrics", "constraints"):
        values[name] = {key: number(value) for key, value in values[name].items()}
    values["intervals"] = {
        key: (number(low), number(high)) for key, (low, high) in values["intervals"].items()
    }
    return Report(**values)


def number(value: float | None) -> float:
    """Return NaN for null, and for what is too large to be squared and summed."""
    return math.nan if value is None or abs(value) > LARGEST else float(value)


def _trial(event: Event) -> Trial:
    return Trial(
        event["trial"],
        event["config"],
        event["label"],
        event["scaled"],
        event["control"],
        started_s=float(event["elapsed_s"]),
        point=event["point"],
        repeats=event.get("repeats", ""),
        seed=event.get("seed", 0),
        by_value=event.get("by_value", bool(event.get("repeats"))),
    )


def _judge(trial: Trial, event: Event) -> None:
    constraints = {key: number(value) for key, value in event["constraints"].items()}
    for index, report in enumerate(trial.reports):
        if report.rung == event["rung"]:
            trial.reports[index] = replace(report, constraints=constraints)
