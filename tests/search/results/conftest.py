"""Trials of every end."""

import pytest
from make_trials import trial

from search.engine.trial import State


@pytest.fixture
def trials():
    return [
        trial("r01", State.COMPLETED, 0.45, "baseline", ended_s=60),
        trial("r05", State.COMPLETED, 0.47, "paper 50/0.1 [x]", ended_s=90),
        trial("t001", State.PRUNED, 0.3, ended_s=30, reason="not among the best at epoch 3"),
        trial("t002", State.FAILED, ended_s=20, reason="OutOfMemoryError: [CUDA] out of memory"),
        trial("t003", State.RUNNING, 0.49),
    ]
