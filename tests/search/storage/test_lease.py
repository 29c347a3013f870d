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
    store.write("lease.json", json.dumps({"token": "other", "host": host, "pid": pid}).encode())


def test_it_is_taken_and_given_back(store):
    lease = Lease(store)
    lease.take()
    assert read_holder(store)["host"] == socket.gethostname()
    lease.renew()
    lease.release()
    assert store.names("") == []


def test_another_hosts_is_respected_until_it_expires(store):
    hold(store, "another")
    with pytest.raises(UserError, match=r"is running on another: .* try again in 60 seconds"):
        Lease(store).take()
    assert read_holder(store)["host"] == "another"


@pytest.mark.parametrize(("silent_s", "gone"), [(EXPIRES_S - 1, False), (EXPIRES_S + 1, True)])
def test_silence_is_death_after_a_minute(silent_s, gone):
    now = datetime.now(UTC)
    holder = {"token": "other", "host": "another", "pid": 1}
    assert leases._is_gone(holder, now - timedelta(seconds=silent_s), now) is gone


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


def test_who_finds_anothers_in_its_place_stops(store, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.0)
    lease = Lease(store)
    lease.take()
    lease.renew()
    hold(store, "another")
    with pytest.raises(StorageError, match="was taken over by another"):
        lease.renew()
    lease.release()
    assert read_holder(store)["host"] == "another"
