"""What takes too long is ended."""

import signal
import threading

import pytest

from search.execution.time_limit import TooLongError, time_limit


def spin():
    while True:
        pass


def test_a_block_that_takes_too_long_raises():
    with (
        pytest.raises(TooLongError, match="no report within"),
        time_limit(0.01, may_exit=False),
    ):
        spin()


def test_afterwards_no_alarm_is_left_and_the_handler_is_the_one_before():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(60.0, may_exit=True):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.mark.parametrize("thread", [False, True])
def test_there_is_no_limit_without_seconds_and_none_in_a_thread(thread):
    """Only the main thread receives signals."""
    timers = []

    def block():
        with time_limit(60.0 if thread else None, may_exit=False):
            timers.append(signal.getitimer(signal.ITIMER_REAL)[0])

    if thread:
        worker = threading.Thread(target=block)
        worker.start()
        worker.join()
    else:
        block()
    assert timers == [0.0]
