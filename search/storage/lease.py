"""One driver at a time: a lease beside the run, which its holder renews as long as it lives.

With pyarrow, no object store can write an object on condition that none exists. So two drivers that
start within the same second may both get the lease. The one that then finds the other's lease in
place of its own stops at its next renewal.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from dataclasses import replace
from datetime import datetime
from typing import Any, final

from search.storage.store import StorageError, Store
from searchspace.errors import UserError
from trainables.door.records import parse_json

NAME, PROBE = "lease.json", "probe"
LEASE_BYTES = 10_000
RENEW_S = 15.0
EXPIRES_S = 60.0


@final
class Lease:
    """The right to write a run.

    Args:
        store: Of the run.

    Attributes:
        token: A random text that identifies this holder.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.token = secrets.token_hex(8)
        self._due = 0.0

    def take(self) -> None:
        """Take the lease, and check that the storage can be written.

        Raises:
            UserError: If another driver has the lease.
            StorageError: If the storage does not answer, or refuses.
        """
        probe = f"{PROBE}-{self.token}"
        replace(self._store, patient=False).write(probe, b"\n")  # report a failure at once
        time_now = self._store.written(probe)  # by the storage's clock, as the lease's time
        self._store.remove(probe)
        holder, renewal = read_holder(self._store), self._store.written(NAME)
        if holder and renewal and time_now and not _is_gone(holder, renewal, time_now):
            raise UserError(
                f"{self._store} is running on {holder['host']}: see python -m search status; "
                f"if that machine is lost, try again in {EXPIRES_S:.0f} seconds"
            )
        self._write()

    def renew(self) -> None:
        """Renew the lease if `RENEW_S` have passed since the last time.

        Raises:
            StorageError: If another driver has taken the lease.
        """
        if time.monotonic() < self._due:
            return
        holder = read_holder(self._store)
        if holder and holder["token"] != self.token:
            raise StorageError(f"{self._store} was taken over by {holder['host']}")
        self._write()

    def release(self) -> None:
        """Give the lease back; if the storage fails, it expires by itself."""
        store = replace(self._store, patient=False)
        with contextlib.suppress(StorageError):
            holder = read_holder(store)
            if holder and holder["token"] == self.token:
                store.remove(NAME)

    def _write(self) -> None:
        holder = {"token": self.token, "host": socket.gethostname(), "pid": os.getpid()}
        self._store.write(NAME, json.dumps(holder).encode())
        self._due = time.monotonic() + RENEW_S


def read_holder(store: Store) -> dict[str, Any] | None:
    """Return token, host and process id of the holder, alive or not; None without a lease."""
    content = store.read(NAME, LEASE_BYTES)
    if content is None:
        return None
    try:
        holder = parse_json(content)
        token, host, pid = (str(holder["token"]), str(holder["host"]), int(holder["pid"]))
    except (ValueError, TypeError, KeyError):
        raise StorageError(f"{store}/{NAME} is damaged: remove it") from None
    return {"token": token, "host": host, "pid": pid}


def _is_gone(holder: dict[str, Any], renewal: datetime, time_now: datetime) -> bool:
    """Tell whether a holder has died: known at once on its own machine, else by its silence.

    Args:
        holder: As `read_holder` returns it.
        renewal: When it last renewed the lease.
        time_now: By the same clock.
    """
    if (time_now - renewal).total_seconds() > EXPIRES_S:
        return True
    if holder["host"] != socket.gethostname():
        return False
    if holder["pid"] <= 0:  # would mean other processes than one
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return bool(holder["pid"] == os.getpid())
