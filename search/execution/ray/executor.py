"""Start or join a Ray cluster, and let Tune run what the coordinator proposes."""

import contextlib
import logging
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import ray
from ray import tune

import search
from search.engine.coordinator import Coordinator
from search.execution.memory import SHARE, machine_bytes, reserved_bytes
from search.execution.ray.adapter import Adapter
from search.execution.ray.environment import threads
from search.execution.ray.hooks import Decisions, Over, Proposals
from search.execution.ray.nodes import check_nodes, leave_probe
from search.execution.worker import Job
from search.record.run_folder import RunFolder
from search.storage.depot import Depot
from searchspace.errors import UserError

OBJECT_STORE_BYTES = (
    256 * 2**20
)  # holds a job and reports, a few kilobytes; Ray's default is 30 % of the memory


@dataclass(frozen=True)
class Resources:
    """What trials get.

    Attributes:
        workers: Trials at the same time.
        cpus: Cores of a trial.
        gpus: GPUs of a trial; None to share those of the cluster.
        address: Of a running cluster; None to start one here.
    """

    workers: int
    cpus: int
    gpus: float | None
    address: str | None

    def share_of_gpus(self) -> float:
        """Return the GPUs of a trial: as asked for, or an equal share of the joined cluster's."""
        if self.gpus is not None:
            return self.gpus
        return min(1.0, float(ray.cluster_resources().get("GPU", 0.0)) / self.workers)

    def of_a_trial(self, settings: object) -> dict[str, float]:
        """Return what Ray sets apart for a trial; of memory never more than some node has."""
        found: dict[str, float] = {"cpu": self.cpus, "gpu": self.share_of_gpus()}
        reserved = reserved_bytes(settings)
        if reserved is not None:
            most = max(node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"])
            found["memory"] = min(reserved, int(most))
        return found

    @property
    def restarts(self) -> int:
        """How often a trial starts again whose process is lost.

        Here it was most likely out of memory, and will be again; machines of a cluster come and go.
        """
        return 1 if self.address is None else 5


def execute(coordinator: Coordinator, job: Job, resources: Resources) -> None:
    """Run the search on Ray until nothing is proposed, or the run is over."""
    with cluster(resources), _interrupts(coordinator):
        _tune(coordinator, job, resources)


def check(folder: RunFolder, depot: Depot, resources: Resources) -> None:
    """Refuse a cluster of which a node cannot work on a run.

    Raises:
        UserError: If one does not see the run's files, or has other code.
    """
    try:
        with cluster(resources):
            probe = leave_probe(folder, depot.for_nodes())
            try:
                check_nodes(probe)
            finally:
                probe.remove()
    finally:
        shutil.rmtree(folder.scratch, ignore_errors=True)


def _tune(coordinator: Coordinator, job: Job, resources: Resources) -> None:
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
            search_alg=Proposals(coordinator, resources.restarts),
            scheduler=Decisions(coordinator),
            stop=Over(coordinator),
            num_samples=-1,  # the searcher says when it is finished
            max_concurrent_trials=resources.workers,
            resources_per_trial=resources.of_a_trial(job.settings),
            reuse_actors=True,
            max_failures=resources.restarts,  # of lost processes; exceptions never get here
            raise_on_failed_trial=False,
            trial_dirname_creator=lambda trial: trial.config["trial"],
            verbose=0,
        )
    finally:
        if probe:
            probe.remove()
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def cluster(resources: Resources) -> Iterator[None]:
    """Connect, and disconnect at the end.

    Workers look for modules in the driver's current folder first, where a user may have a
    ``search.py`` of their own; so the current folder is, while Ray starts, the one that holds this
    package.
    """
    try:
        with contextlib.chdir(Path(search.__file__).parent.parent):
            if resources.address:
                ray.init(
                    resources.address,
                    runtime_env={"env_vars": threads(resources.cpus)},
                    log_to_driver=False,
                    logging_level=logging.CRITICAL,
                )
            else:
                _start_here(resources)
    except (ConnectionError, TimeoutError, ValueError, RuntimeError) as error:
        what = f"connect to Ray at {resources.address}" if resources.address else "start Ray"
        raise UserError(f"cannot {what}: {str(error).splitlines()[0]}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _start_here(resources: Resources) -> None:
    whole = machine_bytes()
    ray.init(
        address="local",  # and not one that RAY_ADDRESS names
        num_cpus=resources.workers * resources.cpus,
        _memory=int(SHARE * whole) if whole else None,  # what trials may take, not what is free
        runtime_env={"env_vars": threads(resources.cpus)},
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )


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
