"""Read the folder of a run, in whatever state it is; needs neither torch nor Ray.

All follows from ``events.jsonl``, which is whole up to its last line however a run ended; the table
``trials.csv`` lags behind it by some seconds. The order of the trials is the engine's own.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from search.objective import Objective
from search.ranking import Row, rank, winner
from search.run_folder import RunFolder
from search.trial import State, Trial
from searchspace.errors import UserError
from trainables.protocol import Report

Record = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A run as read from disk.

    Attributes:
        folder: Where it lies.
        manifest: What was run, on what, and how it ended.
        objective: The metric that ranks, and its better direction.
        trials: One row per trial, best first: ``rank`` from 1, ``trial``, ``label`` (empty for
            sampled trials), ``reference``, ``scaled``, ``control``, ``winner``, ``state``,
            ``note`` (why it ended early or cannot win, or empty), ``epoch``, ``best_epoch``,
            ``value``, ``low``, ``high``, ``started_s``, ``ended_s``; the last report and the config
            under ``metric.``, ``low.``, ``high.``, ``constraint.``, ``config.``; ``seconds.`` are
            totals.
        reports: One row per report in order of time: ``trial``, ``time_s``, ``epoch``,
            ``best_epoch``, ``value``, then as above; ``seconds.`` since the report before.
        refused: How many proposals broke a limit, and so were never trained.
    """

    folder: Path
    manifest: Record
    objective: Objective
    trials: pd.DataFrame
    reports: pd.DataFrame
    refused: int

    @property
    def winner(self) -> str | None:
        """The winner's id; None where no trial can win."""
        found = self.trials.loc[self.trials["winner"], "trial"]
        return None if found.empty else str(found.iloc[0])


def load(run: str | Path) -> Run:
    """Read a run, finished or not.

    Raises:
        UserError: If the folder is none of a run, no trial was started, or a file is damaged.
    """
    folder = RunFolder(Path(run).expanduser())
    manifest = _read_manifest(folder)
    events = _read_events(folder)
    if "objective" not in manifest or not any(event["event"] == "proposed" for event in events):
        state = manifest.get("status", "unknown")
        raise UserError(f"no trial was started in {folder.path} (status: {state})")
    try:
        objective = Objective(**manifest["objective"])
        trials, times = _replay(events)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.events} is not a record of this version: {error!r}") from None
    rows = rank(trials.values(), objective)
    first = winner(rows)
    best = manifest.get("winner", first and first.trial.id)
    ranked = [
        {"rank": place, "winner": row.trial.id == best} | _trial_row(row)
        for place, row in enumerate(rows, start=1)
    ]
    reports = [
        {"trial": trial, "time_s": time_s, "epoch": report.epoch}
        | {"best_epoch": _number(report.best_epoch), "value": objective.value(report)}
        | _measured(report)
        for time_s, trial, report in times
    ]
    columns = ["trial", "time_s", "epoch", "best_epoch", "value"]
    measured = pd.DataFrame(reports) if reports else pd.DataFrame(columns=columns)
    refused = sum(event["event"] == "refused" for event in events)
    return Run(folder.path, manifest, objective, pd.DataFrame(ranked), measured, refused)


def _read_manifest(folder: RunFolder) -> Record:
    if not folder.path.is_dir():
        raise UserError(f"there is no folder {folder.path}: name the folder of a run")
    try:
        content = json.loads(folder.manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder.path} is not a run: it has no {folder.manifest.name}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {folder.manifest}: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{folder.manifest} holds no JSON object: it is not a run's")
    return content


def _read_events(folder: RunFolder) -> list[Record]:
    """Read the events; a last line that a killed run left unfinished is dropped."""
    try:
        lines = folder.events.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"cannot read {folder.events}: {error.strerror or error}") from None
    *whole, _ = lines  # what follows the last newline is empty, or unfinished
    events = []
    for number, line in enumerate(whole, start=1):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "event" not in event:
            raise UserError(f"line {number} of {folder.events} is damaged: remove it by hand")
        events.append(event)
    return events


def _replay(events: list[Record]) -> tuple[dict[str, Trial], list[tuple[float, str, Report]]]:
    """Follow the events: the trials as they stood at the end, and every report with its time."""
    trials: dict[str, Trial] = {}
    reports = []
    start = datetime.fromisoformat(events[0]["time"])
    for event in events:
        time_s = (datetime.fromisoformat(event["time"]) - start).total_seconds()
        match event["event"]:
            case "proposed":
                names = ("config", "label", "scaled")
                trial = Trial(event["trial"], *(event[name] for name in names))
                trial.control = event.get("control", False)  # older records name none
                trial.started_s = time_s
                trials[trial.id] = trial
            case "reported":
                report = _report(event)
                trials[event["trial"]].reports.append(report)
                reports.append((time_s, event["trial"], report))
            case "judged":
                reports_of = trials[event["trial"]].reports
                found = {key: _number(value) for key, value in event["constraints"].items()}
                for place, report in enumerate(reports_of):
                    if report.epoch == event["epoch"]:
                        reports_of[place] = replace(report, constraints=found)
            case "ended":
                trial = trials[event["trial"]]
                trial.state, trial.reason = State(event["state"]), event["reason"]
                trial.ended_s = time_s
    return trials, reports


def _report(event: Record) -> Report:
    """Make a report of an event; null stands for NaN."""
    found = {field.name: event[field.name] for field in fields(Report) if field.name in event}
    for name in ("metrics", "constraints"):
        found[name] = {key: _number(value) for key, value in found[name].items()}
    found["intervals"] = {
        key: (_number(low), _number(high)) for key, (low, high) in found["intervals"].items()
    }
    return Report(**found)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _trial_row(row: Row) -> Record:
    trial = row.trial
    low, high = row.interval or (math.nan, math.nan)
    found: Record = {
        "trial": trial.id,
        "label": trial.label,
        "reference": trial.is_reference,
        "scaled": trial.scaled,
        "control": trial.control,
        "state": trial.state.value,
        "note": row.note,
        "epoch": trial.epoch,
        "best_epoch": _number(trial.reports[-1].best_epoch if trial.reports else None),
        "value": row.value,
        "low": low,
        "high": high,
        "started_s": trial.started_s,
        "ended_s": math.nan if trial.ended_s is None else trial.ended_s,
    }
    found |= _prefixed("config", trial.config)
    if trial.reports:
        found |= _measured(trial.reports[-1])
    spent = [_prefixed("seconds", report.seconds) for report in trial.reports]
    names = dict.fromkeys(name for report in spent for name in report)
    return found | {name: sum(report.get(name, 0.0) for report in spent) for name in names}


def _measured(report: Report) -> Record:
    found = _prefixed("metric", report.metrics)
    for name, (low, high) in report.intervals.items():
        found |= {f"low.{name}": low, f"high.{name}": high}
    return (
        found | _prefixed("constraint", report.constraints) | _prefixed("seconds", report.seconds)
    )


def _prefixed(prefix: str, values: Mapping[str, object]) -> Record:
    return {f"{prefix}.{name}": value for name, value in values.items()}
