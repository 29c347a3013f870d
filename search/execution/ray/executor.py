"""The executor on Ray; importing this file does not import Ray, using it does."""

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, final

from search.engine.coordinator import Coordinator
from search.execution.executor import Executor
from search.execution.machine import Share, share_of_gpu, share_of_machine, smallest_gpu
from search.execution.ray import environment
from search.execution.ray.token import ensure_token
from search.execution.tasks import TaskEnd, W
from search.execution.worker import WorkerJob
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.storage.depot import Depot
from searchspace.errors import UserError

if TYPE_CHECKING:
    from search.execution.ray.cluster import Resources

KNOCK_S = 5.0


@final
class RayExecutor(Executor):
    """Runs trials on a cluster of this machine, or on a running one that the plan names."""

    def __init__(self, plan: Plan, device: str) -> None:
        """Remember where trials run; nothing is started.

        Args:
            plan: Of the run.
            device: Where trials compute: those on a CPU ask for no GPU.
        """
        self._plan = plan
        self._device = device

    def check(self) -> None:
        """Refuse a run where Ray is not installed, or no cluster answers at the address."""
        self._resources()

    def check_nodes(self, folder: RunFolder, depot: Depot) -> None:
        """Ask every node of a running cluster; one that is started here needs no question."""
        if self._plan.address is None:
            return
        from search.execution.ray.nodes import check_cluster  # noqa: PLC0415

        check_cluster(folder, depot, self._resources())

    def memory_share(self, device: str) -> Share | None:
        """Return a trial's share on the smallest node.

        None where no node could run a trial yet, as where GPU workers come when they are asked for.
        """
        plan = self._plan
        if plan.address is not None:
            resources = self._resources()
            from search.execution.ray.memory import share_of_nodes  # noqa: PLC0415

            return share_of_nodes(resources, device)
        if device == "cpu":
            return share_of_machine(plan.workers)
        smallest, count = smallest_gpu()
        return share_of_gpu(smallest, plan.gpus_per_trial or min(1.0, count / plan.workers))

    def trial_settings(self, settings: Any) -> Any:  # noqa: ANN401 - the study's own
        """Return the settings, with the GPU that a trial gets though the driver may have none."""
        unset = self._plan.settings.get("device", "auto") == "auto"
        if self._plan.address and self._plan.gpus_per_trial and unset:
            return settings.model_copy(update={"device": "cuda"})
        return settings

    def trial_depot(self, depot: Depot) -> Depot:
        """Return the depot as nodes use it that do not work in the driver's folder."""
        return depot.for_nodes()

    @property
    def ends_processes(self) -> bool:
        """Yes: a trial that hangs ends with its actor."""
        return True

    def execute(self, coordinator: Coordinator, job: WorkerJob) -> None:
        """Let Ray Tune run what the coordinator proposes."""
        resources = self._resources()
        from search.execution.ray.trials import run_trials  # noqa: PLC0415

        run_trials(coordinator, job, resources)

    def map(self, tasks: Sequence[W], on_end: TaskEnd[W]) -> None:
        """Run as many tasks at a time as there is room for."""
        resources = self._resources()
        from search.execution.ray.tasks import run_tasks  # noqa: PLC0415

        run_tasks(tasks, on_end, resources)

    def _resources(self) -> "Resources":
        plan = self._plan
        if plan.address is not None:
            _check_reachable(plan.address)
        else:
            environment.check_temporary_folder()
        environment.prepare(local=plan.address is None)
        ensure_token(make=plan.address is None)
        try:
            from ray import tune  # noqa: F401, PLC0415

            from search.execution.ray.cluster import Resources  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise UserError(
                f"{error.name} is not installed: install ray[tune], or add --in-process"
            ) from error
        gpus = plan.gpus_per_trial
        if gpus is None and (self._device == "cpu" or plan.address is None):
            gpus = _share_of_gpus(self._device, plan.workers)
        return Resources(plan.workers, plan.cpus_per_trial, gpus, plan.address)


def _check_reachable(address: str) -> None:
    """Knock at ``host:port``; Ray itself would try for two minutes. Other forms are left to Ray."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(f"no Ray cluster answers at {address}: {error}") from error


def _share_of_gpus(device: str, workers: int) -> float:
    """Share this machine's GPUs among trials; Ray hides them from trials that ask for none."""
    import torch  # noqa: PLC0415 - only where a GPU may be used

    if device == "cpu" or not torch.cuda.is_available():
        return 0.0
    return min(1.0, torch.cuda.device_count() / workers)
