"""What a container, or a job of a batch system, may take of its machine: the limits of Linux."""

from collections.abc import Iterator
from pathlib import Path

MOUNTED, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def cpu_limit(mounted: Path = MOUNTED, membership: Path = MEMBERSHIP) -> float | None:
    """Return how many cores' worth of time this process may take; None for no limit.

    Args:
        mounted: Where groups are mounted.
        membership: Which ones this process is in.
    """
    limits = [
        limit
        for controller, folder in _folders(mounted, membership)
        if (limit := _of_folder(controller, folder)) is not None
    ]
    return min(limits, default=None)


def memory_limit(mounted: Path = MOUNTED, membership: Path = MEMBERSHIP) -> int | None:
    """Return how many bytes this process may take; None for no limit.

    Args:
        mounted: Where groups are mounted.
        membership: Which ones this process is in.
    """
    limits = [
        int(text)
        for _, folder in _folders(mounted, membership)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (text := _read(folder / name)).isdecimal()  # else "max"
    ]
    return min(limits, default=None)


def _of_folder(controller: str, folder: Path) -> float | None:
    if controller:  # of the first version
        texts = [_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    else:
        texts = _read(folder / "cpu.max").split()
    if len(texts) != 2 or not all(text.isdecimal() and int(text) for text in texts):
        return None  # "max", or -1
    return int(texts[0]) / int(texts[1])


def _folders(mounted: Path, membership: Path) -> Iterator[tuple[str, Path]]:
    """Yield the controllers, empty for the second version, and the groups from this one upwards.

    Inside a container the name of the group may be one that only its host sees: the group is then
    the root of what is mounted.
    """
    for line in _read(membership).splitlines() or ["0::/"]:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        for controller in controllers.split(","):
            root = mounted / controller
            folder = root / name.strip("/")
            for group in (folder, *folder.parents):
                if group.is_relative_to(root) and group.is_dir():
                    yield controller, group


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
