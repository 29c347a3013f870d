"""Memory of this machine, or of the container that it is."""

import pytest

from search.execution import machine
from search.execution.machine import SHARE, machine_bytes, share_of_gpu, share_of_machine
from trainables.runtime.memory import GIB


def test_a_container_has_what_its_group_may_take(monkeypatch):
    monkeypatch.setattr(machine, "memory_limit", lambda: None)
    bare = machine_bytes()
    assert bare > 2**20
    monkeypatch.setattr(machine, "memory_limit", lambda: bare + 1)
    assert machine_bytes() == bare
    monkeypatch.setattr(machine, "memory_limit", lambda: 2**20)
    assert machine_bytes() == 2**20


def test_trials_at_the_same_time_share_the_machine(monkeypatch):
    monkeypatch.setattr(machine, "machine_bytes", lambda: 16 * GIB)
    share = share_of_machine(4)
    assert share.gib == pytest.approx(SHARE * 16 / 4)
    assert share.line == "90% of this machine's 16.0 GiB, for 4 at a time"


def test_a_network_is_on_one_gpu_however_many_a_trial_asks_for():
    assert share_of_gpu(24 * GIB, 0.25).gib == pytest.approx(SHARE * 24 / 4)
    assert share_of_gpu(24 * GIB, 2).gib == pytest.approx(SHARE * 24)
    assert share_of_gpu(24 * GIB, 0.25).line == (
        "90% of the smallest GPU's 24.0 GiB, 0.25 of it a trial"
    )
