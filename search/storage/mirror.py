"""Sends a run's records to its store during the search, from a thread of its own.

New lines of the record and a changed manifest are sent every few seconds. All else follows from the
record (the table, the study, the winner) and is sent once, at the end, so that a search of any
length costs the storage little. The local folder stays the truth: if the storage fails the search
stops, and can be resumed from that folder. If a driver is lost with its disk, the last seconds of
its record are lost; trials that ended in these seconds go on from their last checkpoints.
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
from trainables.door.opening import read_bytes
from trainables.door.records import RECORD_BYTES

EVERY_S = 3.0


@final
class Mirror:
    """A context in which the records of a run are sent.

    Args:
        folder: Of the run.
        store: Of the run.
        lease: Of this driver; renewed here.
        term: Number of this driver among those that have worked on the run, from 1.
    """

    def __init__(self, folder: RunFolder, store: Store, lease: Lease, term: int) -> None:
        self._folder = folder
        self._store = store
        self._lease = lease
        self._record = SentRecord(folder, store, term)
        self._manifest = b""
        self._trials: deque[str] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._error: StorageError | None = None
        self._on_failure: Callable[[str], None] = lambda _: None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Send all that was not sent yet.

        Raises:
            StorageError: If that fails, unless another error has ended the context.
        """
        self._stop.set()
        self._thread.join()
        try:
            if self._error:
                raise self._error
            self._close()
        except StorageError as failure:
            if error is None:
                folder = self._folder.path
                remedy = f"{folder} has all of the record: python -m search resume {folder}"
                raise StorageError(f"{failure}; {remedy}") from failure

    def on_failure(self, listener: Callable[[str], None]) -> None:
        """Set what is called with a message, from another thread, when the storage fails."""
        self._on_failure = listener

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401, ARG002
        """Note which trials have ended: their checkpoints are removed after the record is sent.

        Args:
            event: Name of the event.
            trial: That it is about; None for the run.
            details: Of the event; not used.
        """
        if event == "ended" and trial is not None and trial.state is not State.INTERRUPTED:
            self._trials.append(trial.id)

    def _work(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self._send()
            except (UserError, OSError) as error:  # of the storage, or of the local folder
                self._error = StorageError(str(error))
                self._on_failure(str(error))
                return

    def _send(self) -> None:
        self._lease.renew()
        if not self._manifest:  # first of all: without it nobody can take the run up elsewhere
            self._send_manifest()
        count = len(self._trials)  # those whose end is in the record that is sent now
        self._record.send()
        self._send_manifest()
        for _ in range(count):
            checkpoint = self._folder.checkpoint(self._trials.popleft())
            checkpoint = checkpoint.relative_to(self._folder.path)
            self._store.remove(checkpoint.as_posix())

    def _send_manifest(self) -> None:
        content = read_bytes(self._folder.manifest, RECORD_BYTES)
        if not self._manifest and self._folder.run_file.exists():  # written once, at the start
            self._store.upload(self._folder.run_file, self._folder.run_file.name)
        if content != self._manifest:
            self._store.write(self._folder.manifest.name, content)
            self._manifest = content

    def _close(self) -> None:
        self._send()
        self._record.close()
        for file in (self._folder.table, self._folder.journal, self._folder.traceback):
            if file.exists():
                self._store.upload(file, file.name)
        for folder in (self._folder.best, self._folder.pictures):
            if folder.is_dir():
                keep_folder(folder, self._store.child(folder.name))
