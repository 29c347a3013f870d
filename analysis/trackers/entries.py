"""What is logged of a trial, whatever logs it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analysis.load import Run
from analysis.numbers.claim import condition
from analysis.numbers.tables import rows_of
from search.engine.trial import Trial
from search.results.ranking import missed


@dataclass(frozen=True)
class Point:
    """What a trial reported at a rung.

    Attributes:
        rung: From 1: the step, as two rungs may be of the same epoch.
        time_s: Seconds since the epoch of the clock.
        values: Finite numbers by name: metrics, ``constraint/NAME``, ``seconds/NAME``, ``epoch``.
    """

    rung: int
    time_s: float
    values: dict[str, float]


@dataclass(frozen=True)
class Entry:
    """A trial, as trackers know runs.

    Attributes:
        name: Its id, and the label of a reference.
        config: The whole config.
        tags: ``state``, ``winner``, ``reference``, ``missed``: as text.
        start_s: Seconds since the epoch of the clock.
        end_s: The same; the last report, or the start, of a trial that has not ended.
        points: In order.
    """

    name: str
    config: dict[str, Any]
    tags: dict[str, str]
    start_s: float
    end_s: float
    points: tuple[Point, ...] = field(default=())


def entries(run: Run) -> Iterator[Entry]:
    """List what is logged of each trial, in order of proposal."""
    start_s = datetime.fromisoformat(str(run.manifest["started"])).timestamp()
    times: dict[str, list[float]] = {}
    for row in rows_of(run.reports):
        times.setdefault(row.trial, []).append(start_s + row.time_s)
    for trial in run.record:
        points = tuple(
            Point(report.rung + 1, times[trial.id][number], _values(trial, number))
            for number, report in enumerate(trial.reports)
        )
        first_s = start_s + trial.started_s
        last_s = start_s + trial.ended_s if trial.ended_s is not None else first_s
        end_s = max([last_s, *(point.time_s for point in points)])
        tags = _tags(run, trial)
        yield Entry(trial.name, trial.config, tags, first_s, end_s, points)


def summary(run: Run) -> dict[str, str]:
    """Say what the run as a whole is."""
    return {
        "study": str(run.manifest.get("plan", {}).get("study")),
        "metric": run.objective.metric,
        "direction": run.objective.direction,
        "status": condition(run),
        "winner": run.winner or "",
        "code": str(run.manifest.get("code", "")),
    }


def _values(trial: Trial, number: int) -> dict[str, float]:
    report = trial.reports[number]
    values: dict[str, float] = {**report.metrics, "epoch": float(report.epoch)}
    values |= {f"constraint/{name}": value for name, value in report.constraints.items()}
    values |= {f"seconds/{name}": value for name, value in report.seconds.items()}
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _tags(run: Run, trial: Trial) -> dict[str, str]:
    return {
        "state": trial.state.value,
        "winner": str(trial.id == run.winner).lower(),
        "reference": str(trial.is_reference).lower(),
        "missed": ", ".join(missed(trial)),
    }
