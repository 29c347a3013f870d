"""The executor without Ray: one trial after the other in this process, to debug one."""

from collections.abc import Sequence
from typing import Any, final

from search.engine.coordinator import Coordinator
from search.engine.trial import Decision, Failure
from search.execution.executor import Executor
from search.execution.machine import Share, share_of_gpu, share_of_machine, smallest_gpu
from search.execution.tasks import TaskEnd, W, run_task
from search.execution.worker import Worker, WorkerJob
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.storage.depot import Depot


@final
class InProcess(Executor):
    """Needs nothing but this process, so that most questions have a plain answer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def check(self) -> None:
        """Accept every run."""

    def check_nodes(self, folder: RunFolder, depot: Depot) -> None:
        """Do nothing: the driver is the only node."""

    def memory_share(self, device: str) -> Share | None:
        """Return most of this machine's memory, or of the smallest GPU's."""
        if device == "cpu":
            return share_of_machine(self._plan.workers)
        return share_of_gpu(smallest_gpu()[0], 1.0)

    def trial_settings(self, settings: Any) -> Any:  # noqa: ANN401 - the study's own
        """Return the settings themselves."""
        return settings

    def trial_depot(self, depot: Depot) -> Depot:
        """Return the depot itself: trials work in the driver's folder."""
        return depot

    @property
    def ends_processes(self) -> bool:
        """No: the process is the user's."""
        return False

    def execute(self, coordinator: Coordinator, job: WorkerJob) -> None:
        """Run one trial after the other, each from rung to rung."""
        while (trial := coordinator.propose()) is not None:
            worker = Worker(job, trial.id, trial.config, trial.seed)
            decision = Decision.CONTINUE
            while decision is Decision.CONTINUE:
                outcome = worker.advance()
                if isinstance(outcome, Failure):
                    coordinator.fail(trial.id, outcome)
                    break
                decision = coordinator.report(trial.id, outcome)
            coordinator.complete(trial.id)

    def map(self, tasks: Sequence[W], on_end: TaskEnd[W]) -> None:
        """Run one task after the other."""
        for task in tasks:
            on_end(task, run_task(task))
