"""What runs trials and tasks: Ray, imported only where it is used, or this process."""

from collections.abc import Callable, Sequence

from search.engine.coordinator import Coordinator
from search.execution.inprocess import execute as execute_in_process
from search.execution.tasks import Heard, Task, work
from search.execution.worker import Job
from search.plan import Plan

Execute = Callable[[Coordinator, Job], None]
Map = Callable[[Sequence[Task], Heard], None]


def executor(plan: Plan, device: str) -> Execute:
    """Return what runs the trials of a coordinator."""
    if plan.in_process:
        return execute_in_process
    from search.execution.ray.start import execute_on_ray  # noqa: PLC0415

    return execute_on_ray(plan, device)


def mapper(plan: Plan, device: str) -> Map:
    """Return what runs tasks that need nothing of each other."""
    if plan.in_process:
        return _map_in_process
    from search.execution.ray.start import map_on_ray  # noqa: PLC0415

    return map_on_ray(plan, device)


def _map_in_process(tasks: Sequence[Task], heard: Heard) -> None:
    for task in tasks:
        heard(task, work(task))
