"""The record of a run, ``events.jsonl``, in a store whose objects cannot be appended to.

It is stored in pieces, each named by the position of its first byte. New lines become a new piece,
which also takes the place of the pieces just before it that are not longer. So there are never more
than about twenty pieces, and each byte is sent about as often: the cost of a long record is not the
square of its length. At the end the record is one object, named as the file, and the pieces are
removed.
"""

import re
from typing import final

from search.record.run_folder import RunFolder
from search.storage.store import READ_BYTES, StorageError, Store
from trainables.door.opening import open_file

PIECES = "events"
PIECE = re.compile(r"[0-9]{1,9}-[0-9]{1,18}")  # the driver's term, and the first byte
RETRIES = 5  # pieces may be replaced while they are read


@final
class SentRecord:
    """Sends the new lines of a run's record.

    Args:
        folder: Of the run.
        store: Of the run.
        term: Number of this driver among those that have worked on the run, from 1. Only the pieces
            of the last driver count.
    """

    def __init__(self, folder: RunFolder, store: Store, term: int) -> None:
        self._file = folder.events
        self._store = store
        self._term = term
        self._starts: list[int] = []
        self._end = 0
        self._obsolete = [f"{PIECES}/{name}" for name in store.names(PIECES)]

    def send(self) -> None:
        """Send the new lines; an incomplete last line waits for the next call."""
        if not self._file.exists():
            return
        with open_file(self._file) as file:
            file.seek(self._end)
            length = file.read().rfind(b"\n") + 1
            if not length:
                return
            start, end = self._end, self._end + length
            starts = []
            while self._starts and start - self._starts[-1] <= end - start:
                start = self._starts.pop()
                starts.append(start)
            file.seek(start)
            self._store.write(self._name(start), file.read(end - start))
        self._starts.append(start)
        self._end = end
        names = self._obsolete + [self._name(position) for position in starts if position != start]
        self._obsolete = []
        for name in names:
            self._store.remove(name)

    def close(self) -> None:
        """Send the whole record as one object, and remove the pieces."""
        self.send()
        if self._file.exists():
            self._store.upload(self._file, self._file.name)
        for start in self._starts:
            self._store.remove(self._name(start))
        self._starts = []

    def _name(self, start: int) -> str:
        return f"{PIECES}/{self._term:06d}-{start:015d}"


def read_record(folder: RunFolder, store: Store) -> bytes:
    """Return the record as far as it was sent.

    Raises:
        StorageError: If a piece of it is missing.
    """
    for _ in range(RETRIES):
        names = sorted(name for name in store.names(PIECES) if PIECE.fullmatch(name))
        if not names:
            return store.read(folder.events.name) or b""
        # The last driver's pieces: its first one holds all that earlier drivers wrote.
        terms = [name.partition("-")[0] for name in names if int(name.partition("-")[2]) == 0]
        if terms:
            record = _join(store, [name for name in names if name.startswith(terms[-1])])
            if record is not None:
                return record
    raise StorageError(f"{store}/{PIECES}: a piece of the record is missing")


def _join(store: Store, names: list[str]) -> bytes | None:
    """Join pieces that may overlap; return None if one is missing."""
    record = b""
    for name in names:
        start, piece = int(name.partition("-")[2]), store.read(f"{PIECES}/{name}")
        if piece is None or start > len(record):
            return None
        record += piece[len(record) - start :]
        if len(record) > READ_BYTES:
            raise StorageError(
                f"{store}/{PIECES} has more than the {READ_BYTES} bytes that are read"
            )
    return record
