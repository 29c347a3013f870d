"""A disk that forgets, when the power is cut, whatever it was not told to keep.

Only what was fsynced is there afterwards: of a file its content, of a folder its names. A name
whose file was not fsynced is there with a file of no bytes, as ext4 and xfs leave it. That is the
worst that POSIX allows; a real disk keeps more.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """What is on the disk at one moment.

    Attributes:
        root: Number of the folder that is looked at.
        contents: Of files, by their numbers (inodes).
        names: Of folders, by their numbers: the number behind each name, and whether that is a
            folder.
    """

    root: int
    contents: dict[int, bytes]
    names: dict[int, dict[str, tuple[int, bool]]]

    def restore(self, target: Path) -> None:
        """Write it as it is found after the cut."""
        self._restore(self.root, target)

    def _restore(self, number: int, target: Path) -> None:
        target.mkdir()
        for name, (inner, is_folder) in self.names.get(number, {}).items():
            if is_folder:
                self._restore(inner, target / name)
            else:
                (target / name).write_bytes(self.contents.get(inner, b""))


class Disk:
    """Takes the place of ``os.fsync`` and keeps an image after every call."""

    def __init__(self, root: Path) -> None:
        self.images: list[Image] = []
        self._root = root.stat().st_ino
        self._contents: dict[int, bytes] = {}
        self._names: dict[int, dict[str, tuple[int, bool]]] = {}
        self._pinned: dict[int, int] = {}  # else a number is given to another file

    def fsync(self, descriptor: int) -> None:
        """Keep what is behind a descriptor."""
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(descriptor) as entries:
                self._names[status.st_ino] = {
                    entry.name: (entry.inode(), entry.is_dir(follow_symlinks=False))
                    for entry in entries
                }
        else:
            path = Path(f"/proc/self/fd/{descriptor}")
            self._contents[status.st_ino] = path.read_bytes()
            if status.st_ino not in self._pinned:
                self._pinned[status.st_ino] = os.dup(descriptor)
        self.images.append(Image(self._root, dict(self._contents), dict(self._names)))

    def close(self) -> None:
        """Let go of all files."""
        for descriptor in self._pinned.values():
            os.close(descriptor)
