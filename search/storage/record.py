"""The record of a run, ``events.jsonl``, in a store where no object can be appended to.

It is kept in pieces, each named by the byte at which it begins. New lines become a new piece, which
swallows those before it that are not longer: there are never more than some twenty, and each byte
is sent about as often, so that a long run's record does not cost the square of its length. At the
end it is one object of the file's own name, and the pieces are removed.
"""

from typing import final

from search.record.run_folder import RunFolder
from search.storage.store import StorageError, Store

PIECES = "events"
RETRIES = 5  # pieces may be swallowed while they are read


@final
class SentRecord:
    """Sends what is new in a run's record.

    Args:
        folder: Of the run.
        store: Of the run.
        term: Which of the drivers that had the run, from 1: a later one's pieces count alone.
    """

    def __init__(self, folder: RunFolder, store: Store, term: int) -> None:
        self._file = folder.events
        self._store = store
        self._term = term
        self._starts: list[int] = []
        self._end = 0
        self._left_behind = [f"{PIECES}/{name}" for name in store.names(PIECES)]

    def send(self) -> None:
        """Send the lines that are new; what a line lacks comes with the next call."""
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._end)
            new = file.read()
            length = new.rfind(b"\n") + 1
            if not length:
                return
            start, end = self._end, self._end + length
            swallowed = []
            while self._starts and start - self._starts[-1] <= end - start:
                start = self._starts.pop()
                swallowed.append(start)
            file.seek(start)
            self._store.write(self._name(start), file.read(end - start))
        self._starts.append(start)
        self._end = end
        gone = self._left_behind + [self._name(one) for one in swallowed if one != start]
        self._left_behind = []
        for name in gone:
            self._store.remove(name)

    def close(self) -> None:
        """Leave the record as one object."""
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
        names = sorted(store.names(PIECES))
        if not names:
            return store.read(folder.events.name) or b""
        # The term that was last begun: its first piece holds all that came before.
        terms = [name.partition("-")[0] for name in names if int(name.partition("-")[2]) == 0]
        if terms:
            found = _joined(store, [name for name in names if name.startswith(terms[-1])])
            if found is not None:
                return found
    raise StorageError(f"{store}/{PIECES}: a piece of the record is missing")


def _joined(store: Store, names: list[str]) -> bytes | None:
    whole = b""
    for name in names:
        start, piece = int(name.partition("-")[2]), store.read(f"{PIECES}/{name}")
        if piece is None or start > len(whole):
            return None
        whole += piece[len(whole) - start :]
    return whole
