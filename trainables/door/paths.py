"""Names beneath a root: relative, of a fixed grammar, and no link on the way to them.

A run may be a stranger's. So whatever a name in it says, and whatever lies in its folder, nothing
outside of the folder is read or written. The root itself is the user's: it may be a link.
"""

import os
import re
import stat
from pathlib import Path

from searchspace.errors import UserError

PART = re.compile(r"[A-Za-z0-9._+=@ -]{1,255}")
PARTS = 12  # of a name


def inside(root: Path, *names: str) -> Path:
    """Return a path beneath a root, whether it exists or not.

    Args:
        root: A folder that the user named.
        names: Of folders and of the file, each of one part or several between slashes.

    Raises:
        UserError: If a name is not of the grammar, or a link is on the way.

    Example:
        >>> inside(Path("runs/first"), "trials", "t001")
        PosixPath('runs/first/trials/t001')
    """
    path = root
    for part in parts_of("/".join(names)):
        path /= part
        if is_link(path):
            raise UserError(f"{path} is a link, which is not followed: replace it by what it means")
    return path


def parts_of(name: str) -> list[str]:
    """Split a relative name into its parts.

    Raises:
        UserError: If it is absolute, leads upwards, or holds anything but letters, digits and
            ``._+=@ -``.
    """
    parts = name.split("/")
    if len(parts) > PARTS or not all(PART.fullmatch(part) for part in parts):
        raise UserError(f"{name!r:.80} is no name of a file in a run")
    if {".", ".."}.intersection(parts):
        raise UserError(f"{name!r:.80} leads out of the run")
    return parts


def is_name(name: object) -> bool:
    """Tell whether a value is a name of one part, such as a trial's id."""
    return isinstance(name, str) and bool(PART.fullmatch(name)) and name not in {".", ".."}


def is_link(path: Path) -> bool:
    """Tell whether there is a symbolic link of this name."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
