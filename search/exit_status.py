"""Exit statuses, and the end of a process; a user's mistake, 2, is the command line's."""

import os
import sys
from typing import NoReturn

FINISHED, FAILED, INTERRUPTED = 0, 1, 130

_LOST: list[str] = []  # libraries that would wait for processes which are gone


def end_at_once(library: str) -> None:
    """Say that a library would keep this process from ending, or end it in its own way."""
    _LOST.append(library)


def end(status: int) -> NoReturn:
    """End the process; at once where something would hold it up."""
    if _LOST:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
