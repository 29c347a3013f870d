"""One process at a time runs a search in a folder; the system frees the lock however it dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from search.record.run_folder import RunFolder
from searchspace.errors import UserError
from trainables.door.opening import check_regular
from trainables.runtime.files import cannot_write


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Hold a run folder.

    Raises:
        UserError: If another process runs its search, or the folder cannot be written to.
    """
    check_regular(folder.lock, alone=True)
    lock = FileLock(folder.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"{folder.path} is running in another process: see python -m search status"
        ) from None
    except OSError as error:
        raise cannot_write(folder.lock, error) from error
    try:
        yield
    finally:
        lock.release()


def is_running(folder: RunFolder) -> bool:
    """Tell whether a process of this machine runs the search of a folder."""
    if not folder.lock.exists() or not os.access(folder.lock, os.W_OK):
        return False
    check_regular(folder.lock, alone=True)
    lock = FileLock(folder.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
