"""Tasks on Ray, as many at a time as there is room for; those of a lost worker are done again."""

import logging
from collections.abc import Sequence

import ray
from ray.exceptions import RayError

from search.engine.trial import Failure
from search.execution.ray.executor import Resources, cluster
from search.execution.tasks import Heard, Task, work

RETRIES = 2


def run_tasks(tasks: Sequence[Task], heard: Heard, resources: Resources) -> None:
    """Run tasks until all have ended, and tell of each as it does."""
    if not tasks:
        return
    with cluster(resources):
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        gpus = resources.share_of_gpus()
        start = ray.remote(num_cpus=resources.cpus, num_gpus=gpus, max_retries=RETRIES)(work)
        running = {start.remote(task): task for task in tasks}
        while running:
            (done,), _ = ray.wait(list(running))
            task = running.pop(done)
            try:
                outcome = ray.get(done)
            except RayError as error:
                outcome = Failure(f"its worker was lost: {str(error).splitlines()[0]}")
            heard(task, outcome)
