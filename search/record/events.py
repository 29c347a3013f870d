"""Read ``events.jsonl``, the record of a run, and make of it again what was written."""

import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, NamedTuple

from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from searchspace.errors import UserError
from trainables.study.report import Report

Event = dict[str, Any]
QUESTIONS = frozenset({"known", "refused"})  # questions to the sampler before the next trial


class TimedReport(NamedTuple):
    """A report, and when it came, in seconds from the start of the run."""

    time_s: float
    trial: str
    report: Report


def read_events(folder: RunFolder) -> list[Event]:
    """Read the events; a last line that a killed run left unfinished is dropped.

    Raises:
        UserError: If the file cannot be read, or a line of it is damaged.
    """
    try:
        lines = folder.events.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"cannot read {folder.events}: {error.strerror or error}") from None
    *complete, _ = lines  # what follows the last newline is empty, or unfinished
    events = []
    for number, line in enumerate(complete, start=1):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "event" not in event:
            raise UserError(f"line {number} of {folder.events} is damaged: remove it by hand")
        events.append(event)
    return events


def cut_unfinished(folder: RunFolder) -> None:
    """Remove from the end what a killed run left unfinished.

    That is part of a line, and questions to the sampler that did not come to a trial: they will be
    asked again, and must not be in the record twice.
    """
    if not folder.events.exists():
        return
    lines = folder.events.read_bytes().splitlines(keepends=True)
    while lines and (not lines[-1].endswith(b"\n") or json.loads(lines[-1])["event"] in QUESTIONS):
        lines.pop()
    with folder.events.open("r+b") as file:
        file.truncate(sum(map(len, lines)))


def clear_unfinished(folder: RunFolder) -> list[Event]:
    """Return the events of a run that is to go on; remove what it left unfinished.

    And what follows from its record, and is made anew.

    Raises:
        UserError: If a file cannot be removed, or the record is damaged.
    """
    try:
        cut_unfinished(folder)
        for file in (folder.journal, folder.journal.with_name(f"{folder.journal.name}.lock")):
            file.unlink(missing_ok=True)
        shutil.rmtree(folder.scratch, ignore_errors=True)
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
            case "restarted":
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
    """Return NaN for null."""
    return math.nan if value is None else float(value)


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
