"""What memory a trial may take: its share of its device, found once and written down.

The limit is a setting of the study, in GiB of one training step as predicted; where the user left
it to the run (``auto``), it is settled here before anything is prepared, so that a run that is
taken up elsewhere, or replayed, refuses what it refused at first.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.plan import Plan
from searchspace.errors import UserError
from trainables.runtime.memory import AUTO, GIB
from trainables.study.study import MEMORY

SHARE = 0.9  # of a device that trials may take together; the system and the driver need some
# Of a trial's share that is not the network's: on a CPU a process with torch and a study, which
# benchmarks/memory.py finds to take 0.4 GiB; on a GPU the context, which was not measured.
PROCESS_GIB = 0.5
GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Share:
    """A trial's share of the smallest device that it may come to.

    Attributes:
        gib: Of memory, for the trial's process and its network.
        line: Where that comes from, for the reader.
    """

    gib: float
    line: str


def settle_memory(plan: Plan, settings: object, device: str) -> tuple[dict[str, Any], str]:
    """Find the limit that the user left to the run, and say so; nothing where it is known.

    Args:
        plan: Of the run.
        settings: The study's; not every study has such a limit.
        device: Where trials compute.

    Raises:
        UserError: If the share is less than a process needs.
    """
    if getattr(settings, MEMORY, None) != AUTO:
        return {}, ""
    share = _share(plan, device)
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


def reserved_bytes(settings: object) -> int | None:
    """Return what a trial takes of its node; None where its network is on a GPU, or not limited."""
    gib = getattr(settings, MEMORY, None)
    if getattr(settings, "device", "cpu") != "cpu" or not isinstance(gib, float):
        return None
    return int((gib + PROCESS_GIB) * GIB)


def machine_bytes() -> int | None:
    """Return the memory of this machine, or of the container; None where it cannot be told."""
    try:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows
        return None
    for file in GROUPS:
        text = file.read_text(encoding="ascii").strip() if file.is_file() else ""
        if text.isdecimal():  # else "max"
            found = min(found, int(text))
    return found


def _share(plan: Plan, device: str) -> Share | None:
    if plan.address is not None and not plan.in_process:
        from search.execution.ray.start import share_on_ray  # noqa: PLC0415 - Ray, only where it is used

        return share_on_ray(plan, device)
    return _of_this_machine(plan) if device == "cpu" else _of_a_gpu(plan)


def _of_this_machine(plan: Plan) -> Share | None:
    whole = machine_bytes()
    if whole is None:
        return None
    line = f"{SHARE:.0%} of this machine's {whole / GIB:.1f} GiB, for {plan.workers} at a time"
    return Share(SHARE * whole / GIB / plan.workers, line)


def _of_a_gpu(plan: Plan) -> Share:
    smallest, count = smallest_gpu()
    asked = 1.0 if plan.in_process else plan.gpus_per_trial or min(1.0, count / plan.workers)
    return share_of_gpu(smallest, asked)


def share_of_gpu(whole: int, asked: float) -> Share:
    """Return the share of a trial that asks for so much of a GPU of so many bytes.

    A network is on one GPU, however many the trial asks for.
    """
    part = min(1.0, asked)
    line = f"{SHARE:.0%} of the smallest GPU's {whole / GIB:.1f} GiB, {part:.3g} of it a trial"
    return Share(SHARE * part * whole / GIB, line)


def smallest_gpu() -> tuple[int, int]:
    """Return the bytes of the smallest GPU that this process sees, and how many it sees."""
    import torch  # noqa: PLC0415 - only where a GPU may be used

    count = torch.cuda.device_count()
    sizes = (torch.cuda.get_device_properties(at).total_memory for at in range(count))
    return min(sizes, default=0), count
