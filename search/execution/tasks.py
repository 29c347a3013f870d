"""Work on one model, such as its examination, here or in another process; no exception escapes."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, final

import torch

from search.engine.trial import Failure
from search.execution.portable import Portable
from search.storage.depot import SHARED, Depot
from search.study import load_study
from trainables.runtime.errors import typed_line
from trainables.study.examination import Exam


class Work(Protocol):
    """What an executor runs beside trials: it needs nothing of other work."""

    @property
    def threads(self) -> int:
        """Threads that torch may use."""

    def work(self) -> None:
        """Do it, and write the result, whole or not at all."""


W = TypeVar("W", bound=Work)


@dataclass(frozen=True, kw_only=True)
class ModelTask(Portable, ABC):
    """Work on a saved model and the data of a split.

    Attributes:
        module: Import path of the study's module.
        settings: The study's settings.
        model: Folder of a saved model.
        data: Folder of the split.
        file: Written at the end, whole or not at all.
        threads: That torch may use.
        depot: Where these folders lie for this process, and the file goes.
    """

    module: str
    settings: Any
    model: Path
    data: Path
    file: Path
    threads: int
    depot: Depot = SHARED

    @abstractmethod
    def write(self, study: Any, model: Path, data: Path, file: Path) -> None:  # noqa: ANN401
        """Work, and write the result.

        Args:
            study: Of the model.
            model: Its folder, for this process.
            data: The split's, for this process.
            file: To be written, for this process.
        """

    def work(self) -> None:
        """Fetch what is needed, work, and send the result."""
        study, depot = load_study(self.module), self.depot
        model, data = depot.bring_folder(self.model), depot.bring_folder(self.data)
        self.write(study, model, data, depot.place(self.file))
        depot.send_file(self.file)


@final
@dataclass(frozen=True, kw_only=True)
class Task(ModelTask):
    """A model to be examined, and where the result goes.

    Attributes:
        exam: How.
    """

    exam: Exam

    def write(self, study: Any, model: Path, data: Path, file: Path) -> None:  # noqa: ANN401
        """Examine the model, and write what was seen.

        Args:
            study: Of the model.
            model: Its folder.
            data: The split's.
            file: To be written.
        """
        sources = {name: self.depot.bring_folder(path) for name, path in self.exam.sources.items()}
        exam = replace(self.exam, sources=sources)
        study.examine(model, data, self.parsed_settings(), exam).write(file)


TaskEnd = Callable[[W, Failure | None], None]
"""Called with each piece of work that has ended, and with what went wrong."""


def run_task(task: Work) -> Failure | None:
    """Do a piece of work; return why that failed."""
    try:
        torch.set_num_threads(task.threads)
        task.work()
    except Exception as error:  # noqa: BLE001 - the other tasks go on
        return Failure(typed_line(error), "".join(traceback.format_exception(error)))
    return None
