"""One model examined on one split, here or in another process; no exception escapes."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from search.study import load_module
from search.trial import Failure
from trainables.examination import Exam


@dataclass(frozen=True)
class Task:
    """What is to be examined, and where the result goes.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        model: Folder of a saved model.
        data: Folder of the split.
        exam: How.
        file: Written at the end, whole or not at all.
        threads: That torch may use.
    """

    module: str
    settings: Any
    model: Path
    data: Path
    exam: Exam
    file: Path
    threads: int


Heard = Callable[[Task, Failure | None], None]
"""Is told of each task that has ended, and of what went wrong."""


def work(task: Task) -> Failure | None:
    """Examine a model, and write what was found."""
    try:
        torch.set_num_threads(task.threads)
        study = load_module(task.module)
        study.examine(task.model, task.data, task.settings, task.exam).write(task.file)
    except Exception as error:  # noqa: BLE001 - the other tasks go on
        first = (str(error).strip().splitlines() or [""])[0]
        trace = "".join(traceback.format_exception(error))
        return Failure(f"{type(error).__name__}: {first}", trace)
    return None
