"""One driver at a time: a lease beside the run, which its holder renews as long as it lives.

No object store that pyarrow knows can write an object only where there is none. So of two drivers
that begin within the same second both may get the lease; the one that finds the other's in its
place stops at its next renewal.
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

NAME, PROBE = "lease.json", "probe"
RENEW_S = 15.0
EXPIRES_S = 60.0


@final
class Lease:
    """The right to write a run.

    Args:
        store: Of the run.

    Attributes:
        token: Of this holder, and no other.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.token = secrets.token_hex(8)
        self._due = 0.0

    def take(self) -> None:
        """Take it, unless another driver has it; also tells whether the storage can be written.

        Raises:
            UserError: If another driver has it.
            StorageError: If the storage does not answer, or refuses.
        """
        probe = f"{PROBE}-{self.token}"
        replace(self._store, patient=False).write(probe, b"\n")  # who starts a run wants to know
        now = self._store.written(probe)  # by the storage's clock, as the lease's time is
        self._store.remove(probe)
        holder, renewed = read_holder(self._store), self._store.written(NAME)
        if holder and renewed and now and not _is_gone(holder, renewed, now):
            raise UserError(
                f"{self._store} is running on {holder['host']}: see python -m search status; "
                f"should that machine be lost, try again in {EXPIRES_S:.0f} seconds"
            )
        self._write()

    def renew(self) -> None:
        """Renew it where that is due.

        Raises:
            StorageError: If another driver has taken it.
        """
        if time.monotonic() < self._due:
            return
        holder = read_holder(self._store)
        if holder and holder["token"] != self.token:
            raise StorageError(f"{self._store} was taken over by {holder['host']}")
        self._write()

    def release(self) -> None:
        """Give it back; where storage fails, it ends by itself."""
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
    """Return who has the lease, alive or not: token, host and pid."""
    found = store.read(NAME)
    return None if found is None else dict(json.loads(found))


def _is_gone(holder: dict[str, Any], renewed: datetime, now: datetime) -> bool:
    """Tell whether a holder has died: at once where it ran here, else by its silence."""
    if (now - renewed).total_seconds() > EXPIRES_S:
        return True
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(holder["pid"] == os.getpid())
