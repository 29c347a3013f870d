"""What runs a trial, here or in another process: from rung to rung, and no exception escapes."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from search.run_folder import RunFolder
from search.study import load_module
from search.trial import Failure
from trainables.protocol import Config, Report, Trainable

TRACE_LINES = 30


@dataclass(frozen=True)
class Job:
    """What all workers of a run need to know.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        rungs: Epochs at which a trial reports.
        folder: The run folder, seen by all workers.
        threads: Threads torch may use: as many as the trial has cores, or concurrent trials slow
            each other.
    """

    module: str
    settings: Any
    rungs: tuple[int, ...]
    folder: Path
    threads: int


class Worker:
    """One trial, taken to its next rung at each call."""

    def __init__(self, job: Job, trial_id: str, config: Config) -> None:
        self._job = job
        self._config = config
        self._folder = RunFolder(job.folder)
        self._trial_id = trial_id
        self._left = list(job.rungs)
        self._trainable: Trainable | None = None

    def advance(self) -> Report | Failure:
        """Train to the next rung, evaluate, and save; what the study raises becomes a failure."""
        try:
            report = self._trial().advance(self._left.pop(0))
            self._save()
        except Exception as error:  # noqa: BLE001 - whatever a trial raises, the search goes on
            return Failure(_one_line(error), _tail(error))
        return report

    def _trial(self) -> Trainable:
        if (
            self._trainable is None
        ):  # here, so that a config that cannot be built fails as any trial does
            torch.set_num_threads(self._job.threads)
            study = load_module(self._job.module)
            self._trainable = study.build(self._config, self._job.settings, self._folder.assets)
        return self._trainable

    def _save(self) -> None:
        folder = self._folder.trial(self._trial_id)
        folder.mkdir(parents=True, exist_ok=True)
        self._trial().save(folder)


def _one_line(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _tail(error: Exception) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-TRACE_LINES:])
