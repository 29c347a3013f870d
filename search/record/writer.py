"""What a run leaves on disk while it goes on: every event, and a table of the trials so far."""

import csv
import dataclasses
import io
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, final

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.events import RECORD_BYTES, RECORD_VALUES, read_lines, values_in
from search.record.run_folder import RunFolder
from trainables.door.opening import open_file, remove_file, sync_file, sync_folder
from trainables.door.text import cells
from trainables.runtime.files import cannot_write, to_json, write_atomically
from trainables.study.report import Report

FULL = 0.8  # of what is read: what runs by then has room to end
TABLE_EVERY_S = 3.0
SYNC_EVERY_S = (
    0.2  # from one time that the record is on the disk to the next: a power cut costs that
)
TABLE_PATIENCE = 30  # times as long as writing took, too: a table of thousands is not the run


@final
class Records:
    """Writes ``events.jsonl`` line by line, and ``trials.csv`` now and then."""

    def __init__(self, folder: RunFolder, objective: Objective, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._objective = objective
        self._clock = clock
        self._table_due = clock()
        self._sync_due = clock()
        self._trials: dict[str, Trial] = {}
        self._bytes = self._values = 0
        for line in read_lines(folder):
            self._count(line)

    def has_room(self) -> bool:
        """Tell whether the record could be read again after further trials."""
        return self._bytes <= FULL * RECORD_BYTES and self._values <= FULL * RECORD_VALUES

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        """Append an event; what was known when a trial was proposed are the lines above it.

        Args:
            event: Its name, see `search.engine.coordinator.Observer`.
            trial: That it is about, if any.
            **details: What else belongs to it.
        """
        if event == "agreement":
            details["agreement"] = dataclasses.asdict(details["agreement"])
        if event == "repeated":
            details |= dataclasses.asdict(details.pop("choice"))
        if event == "matched":
            details["references"] = [dataclasses.asdict(item) for item in details["references"]]
        line: dict[str, Any] = {"time": now(), "event": event}
        if trial is not None:
            self._trials[trial.id] = trial
            line["trial"] = trial.id
            if event == "proposed":
                line |= {"label": trial.label, "scaled": trial.scaled, "control": trial.control}
                line |= _repeat_fields(trial) if trial.repeats else {}
            if event in {"reported", "ended"} and trial.node:
                line["node"] = trial.node
        report = details.pop("report", None)
        if isinstance(report, Report):
            line |= dataclasses.asdict(report)
        self._append(to_json(line | details))
        if event == "ended" and trial is not None and trial.state is not State.INTERRUPTED:
            remove_file(self._folder.checkpoint(trial.id))
        if self._clock() >= self._table_due:
            self.write_table()

    def adopt(self, trials: Mapping[str, Trial]) -> None:
        """Take over the trials of a run that goes on."""
        self._trials |= trials

    def close(self) -> None:
        """Write the table of trials, and wait until the whole record is on the disk."""
        self.write_table()
        if self._folder.events.exists():
            sync_file(self._folder.events)
            sync_folder(self._folder.path)

    def write_table(self) -> None:
        """Write the table of trials."""
        begun = self._clock()
        write_atomically(self._folder.table, table(list(self._trials.values()), self._objective))
        took = self._clock() - begun
        self._table_due = begun + took + max(TABLE_EVERY_S, TABLE_PATIENCE * took)

    def _append(self, text: str) -> None:
        line = text.encode()
        self._count(line)
        try:
            with open_file(self._folder.events, "append") as file:
                # closing flushes: a killed driver loses at most this line
                file.write(line + b"\n")
                if self._clock() >= self._sync_due:
                    file.flush()
                    os.fsync(file.fileno())
                    sync_folder(self._folder.path)
                    self._sync_due = self._clock() + SYNC_EVERY_S
        except OSError as error:
            raise cannot_write(self._folder.events, error) from error

    def _count(self, line: bytes) -> None:
        self._bytes += len(line) + 1
        self._values += values_in(line)


def table(trials: list[Trial], objective: Objective) -> str:
    """Write one row per trial: what it is, how it ended, its last report, its config."""
    rows = [cells(_row(trial, objective)) for trial in trials]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def now() -> str:
    """Return the time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _repeat_fields(trial: Trial) -> dict[str, object]:
    return {"repeats": trial.repeats, "seed": trial.seed, "by_value": trial.by_value}


def _row(trial: Trial, objective: Objective) -> dict[str, object]:
    last = trial.reports[-1] if trial.reports else Report(epoch=0, metrics={})
    row: dict[str, object] = {
        "trial": trial.id,
        "label": trial.label,
        "scaled": trial.scaled,
        "control": trial.control,
        "repeats": trial.repeats,
        "state": trial.state.value,
        "reason": trial.reason,
        "epoch": last.epoch,
        "value": objective.value(last) if trial.reports else "",
        "started_s": round(trial.started_s, 3),
        "ended_s": "" if trial.ended_s is None else round(trial.ended_s, 3),
        "node": trial.node,
    }
    row |= _prefixed("config", trial.config)
    row |= _prefixed("metric", last.metrics)
    for name, (low, high) in last.intervals.items():
        row |= {f"low.{name}": low, f"high.{name}": high}
    row |= _prefixed("constraint", last.constraints)
    return row | _prefixed("seconds", _total_seconds(trial))


def _total_seconds(trial: Trial) -> dict[str, float]:
    totals: dict[str, float] = {}
    for report in trial.reports:
        for activity, seconds in report.seconds.items():
            totals[activity] = totals.get(activity, 0.0) + seconds
    return {name: round(seconds, 3) for name, seconds in totals.items()}


def _prefixed(prefix: str, values: Mapping[str, object]) -> dict[str, object]:
    return {f"{prefix}.{name}": value for name, value in values.items()}
