"""End what takes too long."""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE_S = 30.0  # from the polite end to that of the process


class TooLongError(Exception):
    """A trial did not report in time."""


@contextmanager
def time_limit(seconds: float | None, *, may_exit: bool) -> Iterator[None]:
    """Raise `TooLongError` inside the block after some seconds; None for no limit.

    The exception comes between two steps of the interpreter. Code that never returns to it, such as
    a deadlock in a library, is ended with its process half a minute later where that is allowed.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise TooLongError(f"no report within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - not a path of ours
        if may_exit:
            faulthandler.dump_traceback_later(seconds + GRACE_S, exit=True, file=nowhere)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if may_exit:
                faulthandler.cancel_dump_traceback_later()
