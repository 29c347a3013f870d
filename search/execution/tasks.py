"""One model examined on one split, here or in another process; no exception escapes."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from search.engine.trial import Failure
from search.execution.portable import Portable
from search.storage.depot import SHARED, Depot
from search.study import load_study
from trainables.runtime.errors import typed_line
from trainables.study.examination import Exam


@dataclass(frozen=True)
class Task(Portable):
    """A model to be examined, and where the result goes.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        model: Folder of a saved model.
        data: Folder of the split.
        exam: How.
        file: Written at the end, whole or not at all.
        threads: That torch may use.
        depot: Where these folders lie for this process, and the file goes.
    """

    module: str
    settings: Any
    model: Path
    data: Path
    exam: Exam
    file: Path
    threads: int
    depot: Depot = SHARED


TaskEnd = Callable[[Task, Failure | None], None]
"""Called with each task that has ended, and with what went wrong."""


def run_task(task: Task) -> Failure | None:
    """Examine a model, and write the result; return why that failed."""
    try:
        torch.set_num_threads(task.threads)
        study = load_study(task.module)
        depot = task.depot
        model, data = depot.bring_folder(task.model), depot.bring_folder(task.data)
        sources = {name: depot.bring_folder(path) for name, path in task.exam.sources.items()}
        exam = replace(task.exam, sources=sources)
        study.examine(model, data, task.parsed_settings(), exam).write(depot.place(task.file))
        depot.send_file(task.file)
    except Exception as error:  # noqa: BLE001 - the other tasks go on
        return Failure(typed_line(error), "".join(traceback.format_exception(error)))
    return None
