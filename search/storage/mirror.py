"""Keeps a run's records in its store while the search goes on, from a thread of its own.

What is sent when, so that a search of any length costs the storage little: new lines of the record
and a changed manifest every few seconds; all else, which follows from the record (the table, the
study, the winner), once, at the end. The local folder stays the truth: where storage fails the
search stops, and goes on from that folder. A driver that is lost with its disk has lost the last
seconds of its record; what ended in them ends again, from its last checkpoint.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Self, final

from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.storage.depot import keep_folder
from search.storage.lease import Lease
from search.storage.record import SentRecord
from search.storage.store import StorageError, Store
from searchspace.errors import UserError

EVERY_S = 3.0


@final
class Mirror:
    """Sends records from where it is entered to where it is left.

    Args:
        folder: Of the run.
        store: Of the run.
        lease: Taken; renewed here.
        term: Which of the drivers that had the run, from 1.
    """

    def __init__(self, folder: RunFolder, store: Store, lease: Lease, term: int) -> None:
        self._folder = folder
        self._store = store
        self._lease = lease
        self._record = SentRecord(folder, store, term)
        self._manifest = b""
        self._ended: deque[str] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._failed: StorageError | None = None
        self._on_failure: Callable[[str], None] = lambda _: None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Send all that is left.

        Raises:
            StorageError: If that cannot be done, unless something else went wrong before.
        """
        self._over.set()
        self._thread.join()
        try:
            if self._failed:
                raise self._failed
            self._close()
        except StorageError as failed:
            if error is None:
                here = self._folder.path
                again = f"{here} has all of the record: python -m search resume {here}"
                raise StorageError(f"{failed}; {again}") from failed

    def on_failure(self, tell: Callable[[str], None]) -> None:
        """Say who is told, from another thread, that storage has failed."""
        self._on_failure = tell

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401, ARG002
        """Take note of trials that have ended: their checkpoints go, once the record says so."""
        if event == "ended" and trial is not None and trial.state is not State.INTERRUPTED:
            self._ended.append(trial.id)

    def _work(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                self._send()
            except (UserError, OSError) as error:  # of the storage, or of the folder here
                self._failed = StorageError(str(error))
                self._on_failure(str(error))
                return

    def _send(self) -> None:
        self._lease.renew()
        ended = len(self._ended)
        self._record.send()
        self._send_manifest()
        for _ in range(ended):
            checkpoint = self._folder.checkpoint(self._ended.popleft())
            checkpoint = checkpoint.relative_to(self._folder.path)
            self._store.remove(checkpoint.as_posix())

    def _send_manifest(self) -> None:
        content = self._folder.manifest.read_bytes()
        if content != self._manifest:
            self._store.write(self._folder.manifest.name, content)
            self._manifest = content

    def _close(self) -> None:
        self._send()
        self._record.close()
        for file in (self._folder.table, self._folder.journal, self._folder.traceback):
            if file.exists():
                self._store.upload(file, file.name)
        for made in (self._folder.best, self._folder.pictures):
            if made.is_dir():
                keep_folder(made, self._store.child(made.name))
