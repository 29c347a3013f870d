"""What runs the trials and the tasks of a run, whatever lies behind it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from search.engine.coordinator import Coordinator
from search.execution.machine import Share
from search.execution.tasks import TaskEnd, W
from search.execution.worker import WorkerJob
from search.record.run_folder import RunFolder
from search.storage.depot import Depot


class Executor(ABC):
    """Runs trials and tasks; all that depends on where they run is asked here.

    A run calls it in this order: `check` before anything is written, `check_nodes` once the run
    folder exists, `memory_share` while the run is prepared, `execute` for the search and once more
    for every race. A confirmation calls `check`, `execute` and `map`. Making an executor costs
    nothing: a replay makes one and never uses it.
    """

    @abstractmethod
    def check(self) -> None:
        """Refuse a run that could not be executed, before a folder is made for it.

        Raises:
            UserError: If a package is missing, or no cluster answers.
        """

    @abstractmethod
    def check_nodes(self, folder: RunFolder, depot: Depot) -> None:
        """Refuse a cluster of which a node cannot work on a run.

        Raises:
            UserError: If a node does not see the run's files, or has other code.
        """

    @abstractmethod
    def memory_share(self, device: str) -> Share | None:
        """Return what memory a trial may take on a device; None where that is not known."""

    @abstractmethod
    def trial_settings(self, settings: Any) -> Any:  # noqa: ANN401 - the study's own
        """Return the study's settings as trials see them, for instance on a GPU of a cluster."""

    @abstractmethod
    def trial_depot(self, depot: Depot) -> Depot:
        """Return where trials find the run's files, for a depot that the driver uses."""

    @property
    @abstractmethod
    def ends_processes(self) -> bool:
        """Whether a trial that hangs may be ended with its process, which is no one else's."""

    @abstractmethod
    def execute(self, coordinator: Coordinator, job: WorkerJob) -> None:
        """Run what the coordinator proposes until nothing is proposed, or the run is over."""

    @abstractmethod
    def map(self, tasks: Sequence[W], on_end: TaskEnd[W]) -> None:
        """Run tasks that need nothing of each other; report each one as it ends."""
