"""An error in one line, for a message or a record; and whether the machine is to blame for it."""

import errno

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
BROKEN = frozenset({errno.EIO, errno.EROFS, errno.ESTALE, errno.ENOTCONN, errno.ENXIO})
BARRED = frozenset({errno.EACCES, errno.EPERM})
NO_SPACE = ("No space left on device", "Disk quota exceeded")  # as libraries in C++ say it


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message that is not blank.

    Returns:
        The line without surrounding white space; the name of the error's type if there is no text.
    """
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)


def mistaken_path(error: BaseException) -> str:
    """Say in a line that a path is too long, or goes in a circle; empty for any other error."""
    if isinstance(error, OSError) and error.errno in {errno.ENAMETOOLONG, errno.ELOOP}:
        return f"{error.filename!s:.60}...: {error.strerror}"
    return ""


def typed_line(error: BaseException) -> str:
    """Return the name of an error's type and its first line, such as ``ValueError: no rows``.

    Returns:
        The name alone if there is no text.
    """
    name, line = type(error).__name__, first_line(error)
    return name if line == name else f"{name}: {line}"


def disk_problem(error: BaseException, folder: object) -> str:
    """Say what is wrong with the disk, where that is behind an error: all else would meet it too.

    Args:
        error: Of any kind.
        folder: That is written to.

    Returns:
        One line; empty where the disk is not to blame.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL or any(text in str(error) for text in NO_SPACE):
        return f"no space left for {folder}"
    if number in BROKEN or (number in BARRED and str(folder) in str(error)):
        return f"the disk fails: {first_line(error)}"
    return ""
