"""One driver at a time, as far as an object store lets two know of each other."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from search.storage import lease as leases
from search.storage.lease import EXPIRES_S, Lease, read_holder
from search.storage.store import StorageError, parse_uri
from searchspace.errors import UserError


@pytest.fixture
def store(server, request):
    return parse_uri(server.uri(request.node.name))


def hold(store, host, pid=1) -> None:
    store.write("lease.json", json.dumps({"token": "rival", "host": host, "pid": pid}).encode())


def test_a_lease_leaves_nothing_behind(store):
    lease = Lease(store)
    lease.take()
    assert read_holder(store)["host"] == socket.gethostname()
    lease.renew()
    lease.release()
    assert store.names("") == []


def test_the_lease_of_another_host_is_respected(store):
    hold(store, "distant")
    with pytest.raises(UserError, match=r"is running on distant: .* try again in 60 seconds"):
        Lease(store).take()
    assert read_holder(store)["host"] == "distant"


@pytest.mark.parametrize(("silent_s", "gone"), [(EXPIRES_S - 1, False), (EXPIRES_S + 1, True)])
def test_silence_is_death_after_a_minute(silent_s, gone):
    time_now = datetime.now(UTC)
    holder = {"token": "rival", "host": "distant", "pid": 1}
    assert leases._is_gone(holder, time_now - timedelta(seconds=silent_s), time_now) is gone


def test_a_process_that_died_here_is_known_to_be_dead_at_once(store):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    hold(store, socket.gethostname(), child)
    Lease(store).take()
    hold(store, socket.gethostname(), os.getppid())
    with pytest.raises(UserError, match="is running on"):
        Lease(store).take()


def test_a_driver_stops_if_the_lease_is_another_drivers(store, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.0)
    lease = Lease(store)
    lease.take()
    lease.renew()
    hold(store, "distant")
    with pytest.raises(StorageError, match="was taken over by distant"):
        lease.renew()
    lease.release()
    assert read_holder(store)["host"] == "distant"
