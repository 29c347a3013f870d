"""The processes of a cluster that was started here: whether they live, and how to leave it.

Ray offers none of this, so that names of its own are used: each may be missing in another version,
and then nothing is watched.
"""

import atexit
from collections.abc import Mapping, Sequence
from typing import Any

import ray

from search.exit_status import end_at_once

GCS = "gcs_server"
ESSENTIAL = {GCS: "GCS", "raylet": "raylet"}  # as Ray calls them, and as people do


class RayGone(BaseException):
    """A process is gone without which Ray cannot go on."""


def check_alive() -> None:
    """Look at the processes that this cluster needs; do nothing for one that runs elsewhere.

    Raises:
        RayGone: If one is gone.
    """
    if name := dead_process():
        raise RayGone(f"Ray's {name} has died (out of memory, or killed)")


def dead_process() -> str:
    """Name a process that the cluster of this machine needs and has lost; empty for none."""
    for kind, name in ESSENTIAL.items():
        if any(entry.process.poll() is not None for entry in _processes().get(kind, ())):
            return name
    return ""


def leave() -> None:
    """Disconnect from a cluster, and end it if it was started here.

    Ray's own way asks the GCS first. Where that is gone, it waits for a minute and then ends this
    process as well, so that the others are killed instead.
    """
    if dead_process() != ESSENTIAL[GCS]:
        ray.shutdown()
        return
    atexit.unregister(ray.shutdown)
    atexit.unregister(ray._private.worker.shutdown)  # noqa: SLF001 - what it wraps
    _node().kill_all_processes(check_alive=False, allow_graceful=True)
    end_at_once("ray")


def hush() -> None:
    """Let Ray not print what its processes report: it does, whatever is said of logs.

    What matters of it for a run is said by the run.
    """
    worker: Any = ray._private.worker  # noqa: SLF001 - there is no option
    worker.print_to_stdstream = lambda *_, **__: None


def _node() -> Any:  # noqa: ANN401 - Ray's own
    return getattr(ray._private.worker, "_global_node", None)  # noqa: SLF001


def _processes() -> Mapping[str, Sequence[Any]]:
    return getattr(_node(), "all_processes", None) or {}
