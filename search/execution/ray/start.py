"""Hand a plan to Ray; importing this file does not import Ray, calling it does."""

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from search.engine.coordinator import Coordinator
from search.execution.ray import environment
from search.execution.tasks import Heard, Task
from search.execution.worker import Job
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.storage.depot import Depot
from searchspace.errors import UserError

if TYPE_CHECKING:
    from search.execution.memory import Share
    from search.execution.ray.executor import Resources

KNOCK_S = 5.0


def execute_on_ray(plan: Plan, device: str) -> Callable[[Coordinator, Job], None]:
    """Return the executor of a plan.

    Raises:
        UserError: If Ray is not installed, or nothing listens at the address.
    """
    resources = _resources(plan, device)
    from search.execution.ray.executor import execute  # noqa: PLC0415

    return lambda coordinator, job: execute(coordinator, job, resources)


def map_on_ray(plan: Plan, device: str) -> Callable[[Sequence[Task], Heard], None]:
    """Return what runs tasks; raises as `execute_on_ray`."""
    resources = _resources(plan, device)
    from search.execution.ray.tasks import run_tasks  # noqa: PLC0415

    return lambda tasks, heard: run_tasks(tasks, heard, resources)


def _resources(plan: Plan, device: str) -> "Resources":
    if plan.address is not None:
        _check_reachable(plan.address)
    environment.prepare(local=plan.address is None)
    try:
        from search.execution.ray.executor import Resources  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is not installed: install ray[tune], or add --in-process"
        ) from error
    gpus = plan.gpus_per_trial
    if gpus is None and (device == "cpu" or plan.address is None):
        gpus = _share_of_gpus(device, plan.workers)
    return Resources(plan.workers, plan.cpus_per_trial, gpus, plan.address)


def check_on_ray(plan: Plan, folder: RunFolder, depot: Depot) -> None:
    """Refuse a running cluster of which a node cannot work on a run.

    Raises:
        UserError: If one does not see the run's files, or has other code.
    """
    from search.execution.ray.executor import Resources, check  # noqa: PLC0415

    check(folder, depot, Resources(plan.workers, plan.cpus_per_trial, 0.0, plan.address))


def share_on_ray(plan: Plan, device: str) -> "Share | None":
    """Return a trial's share of memory on the smallest node of a running cluster.

    None where no node could run a trial yet, as where GPU workers come when they are asked for.
    """
    resources = _resources(plan, device)
    from search.execution.ray.memory import share_of_nodes  # noqa: PLC0415

    return share_of_nodes(resources, device)


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
