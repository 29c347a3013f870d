"""Tasks on Ray, as many at a time as there is room for; those of a lost worker are done again."""

import logging
from collections.abc import Sequence

import ray
from ray.exceptions import RayError

from search.engine.trial import Failure
from search.execution.ray.cluster import Resources, cluster
from search.execution.ray.processes import RayGone, check_alive
from search.execution.tasks import TaskEnd, W, run_task
from searchspace.errors import UserError
from trainables.runtime.errors import first_line

RETRIES = 2
LOOK_EVERY_S = 1.0  # whether Ray's own processes live


def run_tasks(tasks: Sequence[W], on_end: TaskEnd[W], resources: Resources) -> None:
    """Run tasks until all have ended, and report each as it does.

    Args:
        tasks: None of which needs another.
        on_end: Called with each task, in the order in which they end.
        resources: What a task gets, as a trial does.

    Raises:
        UserError: If a process of Ray's own is gone.
    """
    if not tasks:
        return
    with cluster(resources):
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        gpus = resources.share_of_gpus()
        start = ray.remote(num_cpus=resources.cpus, num_gpus=gpus, max_retries=RETRIES)(run_task)
        running = {start.remote(task): task for task in tasks}
        while running:
            ready, _ = ray.wait(list(running), timeout=LOOK_EVERY_S)
            try:
                check_alive()
            except RayGone as error:
                raise UserError(str(error)) from None
            for answer in ready:
                try:
                    outcome = ray.get(answer)
                except RayError as error:
                    outcome = Failure(f"its worker was lost: {first_line(error)}")
                on_end(running.pop(answer), outcome)
