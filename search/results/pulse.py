"""How far a trial is between two reports: a small file that its worker writes now and then.

Nothing depends on it. It is gone once the trial reports, and a run whose workers write elsewhere
has none.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from searchspace.errors import UserError
from trainables.door.opening import remove_file
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.runtime.files import write_atomically

FILE = ".pulse.json"


@dataclass(frozen=True)
class Pulse:
    """How far a trial is.

    Attributes:
        epoch: Epochs that are done.
        rung: Epochs at which it reports next.
        epoch_s: Seconds of an epoch, on the mean since its last report.
    """

    epoch: int
    rung: int
    epoch_s: float

    @property
    def remaining_s(self) -> float:
        """Seconds of training until it reports; attacks come on top."""
        return max(0, self.rung - self.epoch) * self.epoch_s


def write_pulse(folder: Path, pulse: Pulse) -> None:
    """Write how far a trial is; a disk that is full is for the trial itself to notice.

    Args:
        folder: Of the trial.
        pulse: How far it is.
    """
    with contextlib.suppress(OSError, UserError):
        write_atomically(inside(folder, FILE), json.dumps(asdict(pulse)) + "\n")


def end_pulse(folder: Path) -> None:
    """Remove the file of a trial that has reported."""
    with contextlib.suppress(OSError, UserError):
        remove_file(inside(folder, FILE))


def read_pulse(folder: Path) -> Pulse | None:
    """Read how far a trial is; None where that is not known."""
    try:
        values = read_json(inside(folder, FILE))
        return Pulse(int(values["epoch"]), int(values["rung"]), float(values["epoch_s"]))
    except (OSError, UserError, KeyError, TypeError, ValueError):
        return None
