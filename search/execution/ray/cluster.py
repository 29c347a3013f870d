"""Start or join a Ray cluster, and what a trial gets of it."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

import search
from search.execution.machine import SHARE, machine_bytes
from search.execution.memory import reserved_bytes
from search.execution.ray.environment import own_folder, threads
from search.execution.ray.processes import hush, leave
from search.execution.ray.token import ensure_token
from searchspace.errors import UserError
from trainables.runtime.errors import first_line
from trainables.study.settings import StudySettings

# Holds a job and reports, a few kilobytes; Ray's default is 30 % of the memory.
OBJECT_STORE_BYTES = 256 * 2**20

# What Ray raises where it cannot start or connect; a bare Exception where a busy machine is slow.
REFUSALS = (ConnectionError, TimeoutError, ValueError, RuntimeError, OSError)


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

    def of_a_trial(self, settings: StudySettings) -> dict[str, float]:
        """Return what Ray sets apart for a trial; of memory never more than some node has."""
        request: dict[str, float] = {"cpu": self.cpus, "gpu": self.share_of_gpus()}
        reserved = reserved_bytes(settings)
        if reserved is not None:
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            largest = max(node.get("memory", 0) for node in nodes)
            request["memory"] = min(reserved, int(largest))
        return request

    @property
    def restarts(self) -> int:
        """How often a trial starts again whose process is lost.

        Here it was most likely out of memory, and will be again; machines of a cluster come and go.
        """
        return 1 if self.address is None else 5


@contextlib.contextmanager
def cluster(resources: Resources) -> Iterator[None]:
    """Connect, and disconnect at the end.

    Workers look for modules in the driver's current folder first, where a user may have a
    ``search.py`` of their own; so the current folder is, while Ray starts, the one that holds this
    package.
    """
    ensure_token(make=resources.address is None)
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP)}
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
    except UserError:
        raise
    except Exception as error:
        if not isinstance(error, REFUSALS) and type(error) is not Exception:
            raise
        what = f"connect to Ray at {resources.address}" if resources.address else "start Ray"
        raise UserError(f"cannot {what}: {first_line(error)}") from error
    try:
        _restore(handlers)
        hush()
        yield
    finally:
        leave()


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    """Put back who handles signals: Ray takes SIGTERM for itself, and ends at once."""
    if threading.current_thread() is threading.main_thread():
        for signum, handler in handlers.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)


def _start_here(resources: Resources) -> None:
    total = machine_bytes()
    ray.init(
        address="local",  # and not one that RAY_ADDRESS names
        num_cpus=resources.workers * resources.cpus,
        _memory=int(SHARE * total) if total else None,  # what trials may take, not what is free
        runtime_env={"env_vars": threads(resources.cpus)},
        include_dashboard=False,
        _temp_dir=own_folder(),
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
