"""The processes of a cluster that was started here: whether they live, and how to leave it.

Ray offers none of this, so that names of its own are used: each may be missing in another version,
and then nothing is watched.
"""

import atexit
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ray

from search.exit_status import end_at_once

LOOK_EVERY_S = 0.5
GRACE_S = 5.0  # for what notices by itself that a process is gone, see `search.execution.ray.watch`
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


def run_watched(function: Callable[[], object], grace_s: float = GRACE_S) -> None:
    """Run what calls Ray in a thread, so that it can be left.

    A call that needs the GCS waits a minute for one that is gone, and then ends this process.

    Args:
        function: Is left to itself where it does not return.
        grace_s: Seconds from the loss of a process until that.

    Raises:
        RayGone: If a process is gone.
    """
    errors: list[BaseException] = []

    def target() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY_S)
        if thread.is_alive() and dead_process():
            thread.join(grace_s)
            check_alive()
    if errors:
        raise errors[0]


def leave() -> None:
    """Disconnect from a cluster, and end it if it was started here.

    Ray's own way asks the GCS first. Where that is gone, it waits for a minute and then ends this
    process as well, so that the others are killed instead. A signal to the whole group, as SLURM
    sends it, ends the GCS while Ray asks it.
    """
    if dead_process() != ESSENTIAL[GCS] and _shut_down():
        return
    atexit.unregister(ray.shutdown)
    atexit.unregister(ray._private.worker.shutdown)  # noqa: SLF001 - what it wraps
    children = _children()
    _node().kill_all_processes(check_alive=False, allow_graceful=True)
    for child in children:  # workers and agents, which would wait as well
        with contextlib.suppress(Exception):
            child.kill()
    end_at_once("ray")


def _shut_down(grace_s: float = GRACE_S) -> bool:
    """Let Ray end the cluster; tell whether it did, and was not held up by a GCS that is gone.

    Args:
        grace_s: Seconds from the end of the GCS, which Ray ends itself, until that.
    """
    thread = threading.Thread(target=ray.shutdown, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY_S)
        if thread.is_alive() and dead_process() == ESSENTIAL[GCS]:
            thread.join(grace_s)
            return not thread.is_alive()
    return True


def hush() -> None:
    """Let Ray not print what its processes report: it does, whatever is said of logs.

    What matters of it for a run is said by the run.
    """
    worker: Any = ray._private.worker  # noqa: SLF001 - there is no option
    worker.print_to_stdstream = lambda *_, **__: None


def _children() -> list[Any]:
    """List what the raylet has started."""
    import psutil  # noqa: PLC0415 - comes with Ray, and is found once that is imported

    children: list[Any] = []
    for entry in _processes().get("raylet", ()):
        with contextlib.suppress(psutil.Error):
            children += psutil.Process(entry.process.pid).children(recursive=True)
    return children


def _node() -> Any:  # noqa: ANN401 - Ray's own
    return getattr(ray._private.worker, "_global_node", None)  # noqa: SLF001


def _processes() -> Mapping[str, Sequence[Any]]:
    return getattr(_node(), "all_processes", None) or {}
