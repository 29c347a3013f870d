"""What memory a trial may take: its share of its device, measured once and written down.

The limit is a setting of the study, in GiB of one training step as predicted; where the user left
it to the run (``auto``), it is settled here before anything is prepared, so that a run that is
taken up elsewhere, or replayed, refuses what it refused at first.
"""

from typing import Any

from search.execution.executor import Executor
from searchspace.errors import UserError
from trainables.runtime.memory import AUTO, GIB
from trainables.study.settings import StudySettings
from trainables.study.study import MEMORY

# Of a trial's share that is not the network's: on a CPU a process with torch and a study, which
# benchmarks/memory.py finds to take 0.4 GiB; on a GPU the context, which was not measured.
PROCESS_GIB = 0.5


def settle_memory(
    executor: Executor, settings: StudySettings, device: str
) -> tuple[dict[str, Any], str]:
    """Settle the limit that the user left to the run, and say so; nothing where it is fixed.

    Args:
        executor: Of the run: it knows the devices.
        settings: The study's.
        device: Where trials compute.

    Raises:
        UserError: If the share is less than a process needs.
    """
    if settings.max_memory != AUTO:
        return {}, ""
    share = executor.memory_share(device)
    if share is None:
        unknown = "memory of trials: not known before a machine is there, so none is refused"
        return {MEMORY: None}, f"{unknown} (--max-memory GIB)"
    room = share.gib - PROCESS_GIB
    if room <= 0:
        raise UserError(
            f"a trial's share of memory is {share.gib:.2f} GiB ({share.line}), and its process "
            f"alone takes {PROCESS_GIB}: run fewer at the same time (--concurrency), or say "
            "--max-memory none"
        )
    return {MEMORY: room}, f"memory of a trial: at most {room:.1f} GiB as predicted ({share.line})"


def share_gib(executor: Executor, device: str) -> float | None:
    """Return the GiB that a trial's share leaves for its network; None where it is not known."""
    share = executor.memory_share(device)
    return None if share is None else share.gib - PROCESS_GIB


def reserved_bytes(settings: StudySettings) -> int | None:
    """Return what a trial takes of its node; None where its network is on a GPU, or not limited."""
    gib = settings.max_memory
    if settings.device != "cpu" or not isinstance(gib, float):
        return None
    return int((gib + PROCESS_GIB) * GIB)
