"""The file of an Optuna study that one process writes: Optuna's own format, without its waits.

Optuna's backend locks the file and waits for the disk at each of the ten or so entries of a trial,
which on a disk takes longer than all else that the engine does. Here the run folder is locked as a
whole, and the study follows from ``events.jsonl``, from which it is made anew where a run goes on:
an entry that is lost with the machine's power is not lost.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from trainables.door.opening import open_file
from trainables.runtime.files import cannot_write

Log = dict[str, Any]


def open_journal(file: Path) -> JournalStorage:
    """Begin the file of a study; optuna-dashboard and `optuna.load_study` read it as any other."""
    return JournalStorage(_Backend(file))


@final
class _Backend(BaseJournalBackend):
    """Appends to the file, and remembers what it appended."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._logs: list[Log] = []
        self.append_logs([])

    def read_logs(self, log_number_from: int) -> Iterable[Log]:
        """Return the entries from a number on; the storage may keep and change them."""
        return [dict(log) for log in self._logs[log_number_from:]]

    def append_logs(self, logs: list[Log]) -> None:
        """Append entries."""
        lines = [json.dumps(log, separators=(",", ":")) for log in logs]
        try:
            with open_file(self._file, "append") as file:
                file.writelines(f"{line}\n".encode() for line in lines)
        except OSError as error:
            raise cannot_write(self._file, error) from error
        self._logs += [json.loads(line) for line in lines]
