"""What runs a trial, here or in another process: from rung to rung, and no exception escapes."""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from search.engine.trial import Failure
from search.execution.portable import Portable
from search.execution.time_limit import time_limit
from search.record.run_folder import CHECKPOINT, RunFolder
from search.results.pulse import Pulse, end_pulse, write_pulse
from search.storage.depot import SHARED, Depot
from search.storage.store import StorageError
from search.study import load_study
from searchspace.errors import UserError
from trainables.door.opening import sync_folder, sync_tree
from trainables.door.seal import BrokenSealError, check_seal
from trainables.runtime.errors import disk_problem, typed_line
from trainables.runtime.snapshot import read_snapshot, write_snapshot
from trainables.study.report import Report, Rung
from trainables.study.study import Config
from trainables.study.trial import Trainable

TRACE_LINES = 30
CHECKPOINT_EVERY_S = 30.0
PULSE_EVERY_S = 10.0


@dataclass(frozen=True)
class WorkerJob(Portable):
    """What all workers of a run need to know.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        rungs: Where a trial reports.
        folder: The run folder, as the driver's machine has it.
        assets: The folder of what all trials share.
        threads: Threads torch may use: as many as the trial has cores, or concurrent trials slow
            each other.
        limit_s: Seconds from one report to the next; None for no limit.
        ends_processes: Whether the process of a trial that hangs may be ended.
        depot: Where all of these lie for this worker, and it leaves what it makes.
        digests: Of the files of ``assets``, by name; empty for a run that did not record them.
    """

    module: str
    settings: Any
    rungs: tuple[Rung, ...]
    folder: Path
    assets: Path
    threads: int
    limit_s: float | None = None
    ends_processes: bool = False
    depot: Depot = SHARED
    digests: Mapping[str, str] = field(default_factory=dict)


class Worker:
    """One trial, taken to its next rung at each call.

    A trial that was begun before goes on from its checkpoint; its last report then comes first, for
    the engine may have died before it heard it.
    """

    def __init__(self, job: WorkerJob, trial_id: str, config: Config, seed: int = 0) -> None:
        self._job = job
        self._config = config
        self._seed = seed
        self._folder = RunFolder(job.folder)
        self._trial_id = trial_id
        self._reported: Report | None = None
        self._trainable: Trainable | None = None
        self._kept_at = self._beat_at = time.monotonic()
        self._notes: tuple[str, ...] = ()

    def advance(self) -> Report | Failure:
        """Train to the next rung, evaluate, and save; what the study raises becomes a failure."""
        try:
            with time_limit(self._job.limit_s, may_exit=self._job.ends_processes):
                return self._advance()
        except Exception as error:  # noqa: BLE001 - whatever a trial raises, the search goes on
            return _failure(self._cause(error), self._job.folder)
        finally:
            end_pulse(self._job.depot.place(self._trial_folder))

    def _cause(self, error: Exception) -> Exception:
        """Return what lies behind a failure: assets that are not what they were, or itself."""
        try:
            self._check_assets()
        except (UserError, OSError) as damage:
            return damage
        return error

    def _check_assets(self) -> Path:
        assets = self._job.depot.bring_folder(self._job.assets)
        check_seal(assets, self._job.digests)
        return assets

    def _advance(self) -> Report:
        if self._trainable is None:
            # Here, so that a config that cannot be built fails as any trial does.
            self._trainable = self._build()
            if self._reported is not None:
                return self._reported
        trainable, rung = self._trainable, self._reported.rung + 1 if self._reported else 0
        report = trainable.advance(self._job.rungs[rung], self._pulses(trainable, rung))
        self._reported = replace(report, rung=rung, notes=report.notes + self._notes)
        self._notes = ()
        trainable.save(self._place())
        _sync(self._place())  # before anybody is told that it is there
        self._job.depot.send_folder(self._trial_folder)
        if rung + 1 < len(self._job.rungs):
            self._keep(trainable)
        return self._reported

    @property
    def _trial_folder(self) -> Path:
        return self._folder.trial(self._trial_id)

    def _place(self) -> Path:
        path = self._job.depot.place(self._trial_folder)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _build(self) -> Trainable:
        torch.set_num_threads(self._job.threads)
        study, depot = load_study(self._job.module), self._job.depot
        assets = self._check_assets()
        file = depot.bring_file(self._folder.checkpoint(self._trial_id))
        settings = _seeded(self._job.parsed_settings(), self._seed)
        trainable = study.build(self._config, settings, assets)
        if not file.exists():
            return trainable
        try:
            snapshot = read_snapshot(file)
            trainable.resume(snapshot["trainable"])
        except (UserError, KeyError, TypeError, ValueError, RuntimeError) as error:
            self._notes = (f"its checkpoint cannot be used, it began anew ({typed_line(error)})",)
            return study.build(self._config, settings, assets)
        self._reported = _report(snapshot["report"])
        return trainable

    def _pulses(self, trainable: Trainable, rung: int) -> Callable[[], None]:
        """Return what says after epochs how far the trial is, and writes a checkpoint."""
        started, first = time.monotonic(), trainable.epoch

        def after_epoch() -> None:
            now, done = time.monotonic(), trainable.epoch - first
            if now - self._beat_at >= PULSE_EVERY_S:
                mean = (now - started) / max(1, done)
                pulse = Pulse(trainable.epoch, self._job.rungs[rung].epochs, mean)
                write_pulse(self._place(), pulse)
                self._beat_at = now
            self._keep_now_and_then()

        return after_epoch

    def _keep_now_and_then(self) -> None:
        if self._trainable and time.monotonic() - self._kept_at >= CHECKPOINT_EVERY_S:
            self._keep(self._trainable)

    def _keep(self, trainable: Trainable) -> None:
        report = self._reported and asdict(self._reported)
        snapshot = {"trainable": trainable.checkpoint(), "report": report}
        write_snapshot(self._place() / CHECKPOINT, snapshot)
        self._job.depot.send_file(self._folder.checkpoint(self._trial_id))
        self._kept_at = time.monotonic()


def _sync(place: Path) -> None:
    """Wait until the folder of a trial is on the disk, and its name in the run's."""
    sync_tree(place)
    for folder in (place.parent, place.parent.parent):
        sync_folder(folder)


def _seeded(settings: Any, seed: int) -> Any:  # noqa: ANN401 - the study's own
    """Add to the seed of the trials; splits and frozen models stay those of the run."""
    return settings.model_copy(update={"seed": settings.seed + seed}) if seed else settings


def _report(values: dict[str, Any] | None) -> Report | None:
    if values is None:
        return None
    intervals = {name: (low, high) for name, (low, high) in values["intervals"].items()}
    return Report(**values | {"intervals": intervals, "notes": ()})  # told when they were new


def _failure(error: Exception, folder: Path) -> Failure:
    if isinstance(error, (StorageError, BrokenSealError)):
        return Failure(str(error), _tail(error), ends_run=True)
    if problem := disk_problem(error, folder):
        return Failure(problem, _tail(error), ends_run=True)
    return Failure(typed_line(error), _tail(error))


def _tail(error: Exception) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-TRACE_LINES:])
