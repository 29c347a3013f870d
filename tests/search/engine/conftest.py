"""A coordinator, its clock and the log of its events."""

from functools import partial

import pytest
from make_coordinator import Log, StoppedClock, make_coordinator


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def make(tmp_path, clock, log):
    return partial(make_coordinator, tmp_path, clock, log)
