"""Read the folder of a run, in whatever state it is; needs neither torch nor Ray.

All follows from ``events.jsonl``, which is whole up to its last line however a run ended; the table
``trials.csv`` lags behind it by some seconds. The order of the trials is the engine's own.
"""

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.vocabulary import Vocabulary, placeholder
from search.engine.objective import Objective
from search.engine.trial import Trial
from search.record.events import follow, number, read_events
from search.record.manifest import Manifest, read_manifest
from search.record.run_folder import MANIFEST, RunFolder
from search.results.ranking import Row, rank, winner
from search.studies import about
from searchspace.errors import UserError
from trainables.door.opening import names_in
from trainables.door.text import one_line
from trainables.runtime.files import to_json
from trainables.study.about import About
from trainables.study.report import Report

Record = dict[str, Any]
LONGEST = 1000  # letters of a setting: longer ones take minutes to draw


@dataclass(frozen=True, eq=False)  # compared by identity: results are cached a run
class Run:
    """A run as read from disk.

    Attributes:
        folder: Where it lies.
        manifest: What was run, on what, and how it ended.
        objective: The metric that ranks, and its better direction.
        vocabulary: Reads and writes its metrics, by the description of the study.
        trials: One row per trial, best first: ``rank`` from 1, ``trial``, ``label`` (empty for
            sampled trials), ``seeds`` (trainings that its value is the mean of: a race gives the
            leaders more), ``reference``, ``scaled``, ``control``, ``winner``, ``state``, ``note``
            (why it ended early or cannot win, or empty), ``epoch``, ``best_epoch``, ``value``,
            ``low``, ``high``, ``started_s``, ``ended_s``; the last report and the config under
            ``metric.``, ``low.``, ``high.``, ``constraint.``, ``config.``; ``seconds.`` are totals.
        reports: One row per report in order of time: ``trial``, ``time_s``, ``epoch``,
            ``best_epoch``, ``value``, then as above; ``seconds.`` since the report before.
        refused: How many proposals broke a limit, and so were never trained.
        rows: The engine's own ranking, one row per row of ``trials``.
        record: Every trial as the engine sees it, in order of proposal; further seeds of raced
            trials, which ``trials`` folds into one row, are trials of their own here.
        elapsed_s: Seconds of work up to the last event; time between an end and a resumption does
            not count.
    """

    folder: Path
    manifest: Record
    objective: Objective
    vocabulary: Vocabulary
    trials: pd.DataFrame
    reports: pd.DataFrame
    refused: int
    rows: tuple[Row, ...] = ()
    record: tuple[Trial, ...] = ()
    elapsed_s: float = 0.0

    @property
    def about(self) -> About:
        """The description of the study."""
        return self.vocabulary.about

    @property
    def winner(self) -> str | None:
        """The winner's id; None where no trial can win."""
        winners = self.trials.loc[self.trials["winner"], "trial"]
        return None if winners.empty else str(winners.iloc[0])


def load(run: str | Path) -> Run:
    """Read a run, finished or not.

    Raises:
        UserError: If the folder is none of a run, no trial was started, or a file is damaged.
    """
    folder = RunFolder(Path(run).expanduser())
    manifest = read_manifest(folder)
    events = read_events(folder)
    objective = manifest.objective
    if objective is None or not any(event["event"] == "proposed" for event in events):
        raise UserError(f"no trial was started in {folder.path} (status: {manifest.status})")
    try:
        trials, times = follow(events)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.events} is not a record of this version: {error!r}") from None
    rows = rank(trials.values(), objective)
    first = winner(rows)
    best = manifest.as_json().get("winner", first and first.trial.id)
    return Run(
        folder.path,
        manifest.as_json(),
        objective,
        Vocabulary(_about(manifest)),
        _trials(rows, best),
        _reports(times, objective),
        refused=sum(event["event"] == "refused" for event in events),
        rows=tuple(rows),
        record=tuple(trials.values()),
        elapsed_s=max(float(event["elapsed_s"]) for event in events),
    )


def choose_run(named: str | None, folder: str | Path, *, study: str = "", inputs: str = "") -> Run:
    """Read the run that a notebook shows: the named one, or the newest of a folder.

    Args:
        named: Folder of a run; None or empty for the newest in which a trial was started.
        folder: Of runs.
        study: Whose run it has to be; empty for any.
        inputs: What its models have to see, see `About`; empty for anything.

    Raises:
        UserError: If there is no such run, or the named one cannot be read or is another.
    """
    words = f"run of {study}" if study else f"run with {inputs}"

    def is_wanted(about: About) -> bool:
        return study in ("", about.name) and inputs in ("", about.inputs)

    if named:
        run = load(named)
        if not is_wanted(run.about):
            raise UserError(f"{named} is a run of {run.about.name}: name a {words}")
        return run
    root = Path(folder)
    paths = [root / name / MANIFEST for name in names_in(root)] if root.is_dir() else []
    files = [file for file in paths if file.is_file()]
    for file in sorted(files, key=lambda file: file.stat().st_mtime, reverse=True):
        with contextlib.suppress(UserError):  # damaged, or no trial was started
            if is_wanted(_about(read_manifest(RunFolder(file.parent)))):
                return load(file.parent)
    raise UserError(f"no {words} in {folder}: search, or set RUN to the folder of one")


def _about(manifest: Manifest) -> About:
    """Return the description that a run holds; of an older run, the study's own of today."""
    study = manifest.plan.study
    return manifest.about or about(study) or placeholder(study)


def _trials(rows: Sequence[Row], best: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"rank": position, "winner": row.trial.id == best} | _trial_row(row)
            for position, row in enumerate(rows, start=1)
        ]
    )


def _reports(times: Iterable[tuple[float, str, Report]], objective: Objective) -> pd.DataFrame:
    rows = [
        {"trial": trial, "time_s": time_s, "epoch": report.epoch}
        | {"best_epoch": number(report.best_epoch), "value": objective.value(report)}
        | _report_columns(report)
        for time_s, trial, report in times
    ]
    columns = ["trial", "time_s", "epoch", "best_epoch", "value"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def _trial_row(row: Row) -> Record:
    trial = row.trial
    low, high = row.interval or (math.nan, math.nan)
    columns: Record = {
        "trial": trial.id,
        "label": trial.label,
        "seeds": row.seeds,
        "reference": trial.is_reference,
        "scaled": trial.scaled,
        "control": trial.control,
        "state": trial.state.value,
        "note": row.note,
        "epoch": trial.epoch,
        "best_epoch": number(trial.reports[-1].best_epoch if trial.reports else None),
        "value": row.value,
        "low": low,
        "high": high,
        "started_s": trial.started_s,
        "ended_s": math.nan if trial.ended_s is None else trial.ended_s,
    }
    columns |= _with_prefix("config", {name: _cell(trial.config[name]) for name in trial.config})
    if trial.reports:
        columns |= _report_columns(trial.reports[-1])
    seconds = [_with_prefix("seconds", report.seconds) for report in trial.reports]
    names = dict.fromkeys(name for report in seconds for name in report)
    return columns | {name: sum(report.get(name, 0.0) for report in seconds) for name in names}


def _report_columns(report: Report) -> Record:
    columns = _with_prefix("metric", report.metrics)
    for name, (low, high) in report.intervals.items():
        columns |= {f"low.{name}": low, f"high.{name}": high}
    columns |= _with_prefix("constraint", report.constraints)
    return columns | _with_prefix("seconds", report.seconds)


def _cell(setting: object) -> object:
    """Return a setting that figures can compare, sort and draw: a list as text, cut where long."""
    text = to_json(setting) if isinstance(setting, list | tuple | Mapping) else setting
    if isinstance(text, str) and len(text) > LONGEST:
        return f"{one_line(text)[:LONGEST]}…"
    return text


def _with_prefix(prefix: str, values: Mapping[str, object]) -> Record:
    return {f"{prefix}.{name}": value for name, value in values.items()}
