"""Let Ray Tune run what the coordinator proposes."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from ray import tune

from search.engine.coordinator import Coordinator
from search.execution.ray.adapter import Adapter
from search.execution.ray.cluster import Resources, cluster
from search.execution.ray.hooks import TuneScheduler, TuneSearcher, TuneStopper
from search.execution.ray.nodes import leave_probe
from search.execution.ray.processes import RayGone, run_watched
from search.execution.ray.watch import Watch
from search.execution.worker import WorkerJob
from search.record.run_folder import RunFolder
from trainables.door.opening import remove_folder


def run_trials(coordinator: Coordinator, job: WorkerJob, resources: Resources) -> None:
    """Run the search on Ray until nothing is proposed, or the run is over.

    Args:
        coordinator: Proposes and decides, in this process.
        job: What all trials share.
        resources: What a trial gets, and of which cluster.
    """
    with cluster(resources), _interrupts(coordinator):
        try:
            run_watched(lambda: _tune(coordinator, job, resources))
        except RayGone as error:
            coordinator.halt(str(error))


def _tune(coordinator: Coordinator, job: WorkerJob, resources: Resources) -> None:
    folder = RunFolder(job.folder)
    scratch = folder.scratch
    # tune.run and not Tuner: the latter pickles searcher and scheduler, and with them the whole
    # run, into its folder so that Tuner.restore works. This run is restored from its own record.
    probe = leave_probe(folder, job.depot) if resources.address else None
    try:
        tune.run(
            tune.with_parameters(Adapter, job=job, probe=probe),
            name="trials",
            storage_path=str(scratch),
            search_alg=TuneSearcher(coordinator, resources.restarts),
            scheduler=TuneScheduler(coordinator),
            stop=TuneStopper(coordinator),
            num_samples=-1,  # the searcher says when it is finished
            max_concurrent_trials=resources.workers,
            resources_per_trial=resources.of_a_trial(job.settings),
            reuse_actors=True,
            max_failures=resources.restarts,  # of lost processes; exceptions never get here
            raise_on_failed_trial=False,
            trial_dirname_creator=lambda trial: trial.config["trial"],
            callbacks=[Watch(coordinator, job.limit_s)],
            verbose=0,
        )
    finally:
        if probe:
            probe.remove()
        with contextlib.suppress(OSError):
            remove_folder(scratch)


@contextlib.contextmanager
def _interrupts(coordinator: Coordinator) -> Iterator[None]:
    """Let Ctrl-C end the run between two of the coordinator's calls; a second one, at once."""

    def interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        coordinator.interrupt()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
