"""What memory this machine and its GPUs have, and which share of it a trial may take."""

import os
from dataclasses import dataclass

from trainables.runtime.cgroups import memory_limit
from trainables.runtime.memory import GIB

SHARE = 0.9  # of a device that trials may take together; the system and the driver need some


@dataclass(frozen=True)
class Share:
    """A trial's share of the smallest device that it may come to.

    Attributes:
        gib: Of memory, for the trial's process and its network.
        line: Where that comes from, for the reader.
    """

    gib: float
    line: str


def machine_bytes() -> int | None:
    """Return the memory of this machine, or of the container; None where it cannot be read."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows
        return None
    limit = memory_limit()
    return total if limit is None else min(total, limit)


def smallest_gpu() -> tuple[int, int]:
    """Return the bytes of the smallest GPU that this process sees, and how many GPUs it sees."""
    import torch  # noqa: PLC0415 - only where a GPU may be used

    count = torch.cuda.device_count()
    sizes = (torch.cuda.get_device_properties(index).total_memory for index in range(count))
    return min(sizes, default=0), count


def share_of_machine(workers: int) -> Share | None:
    """Return the share of one of several trials that run here at a time; None if not known."""
    total = machine_bytes()
    if total is None:
        return None
    line = f"{SHARE:.0%} of this machine's {total / GIB:.1f} GiB, for {workers} at a time"
    return Share(SHARE * total / GIB / workers, line)


def share_of_gpu(total: int, gpus: float) -> Share:
    """Return the share of a trial that asks for so many GPUs, or such a part of one.

    A network is on one GPU, however many the trial asks for.

    Args:
        total: Bytes of the smallest GPU.
        gpus: GPUs of a trial, may be a fraction.
    """
    part = min(1.0, gpus)
    line = f"{SHARE:.0%} of the smallest GPU's {total / GIB:.1f} GiB, {part:.3g} of it a trial"
    return Share(SHARE * part * total / GIB, line)
