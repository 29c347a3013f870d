"""A table of results: the accuracy of every network of a space under every attack."""

import csv
import gzip
import io
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.door.opening import MIB

ARCH, CLEAN = "arch", "clean"
# Of a table, unpacked: that of 15,625 networks under 40 attacks has 4 MiB and 600,000 values.
TABLE_BYTES, VALUES = 32 * MIB, 2_000_000
Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Accuracies of networks.

    Attributes:
        name: Of the file, or ``generated``.
        archs: Each network as a text, (N,).
        columns: Accuracies by metric, each (N,), in [0, 1]: ``clean``, ``pgd_eps1`` and so on.
    """

    name: str
    archs: tuple[str, ...]
    columns: Mapping[str, Column]

    def column(self, metric: str) -> Column:
        """Return the accuracies under a metric, (N,).

        Raises:
            UserError: If the table lacks it.
        """
        return lookup(self.columns, metric, f"column of {self.name}")


def read_table(path: Path) -> Table:
    """Read a CSV file, maybe gzipped, with columns ``arch``, ``clean`` and one for each metric.

    Raises:
        UserError: If the file cannot be read, a column is missing or repeats, there are no rows,
            or a value is no accuracy in [0, 1].
    """
    try:
        text = _unpacked(path).decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read the table {path}: {reason}") from None
    lines = [line for line in lines if line]
    header = lines[0] if lines else []
    _check_header(header, path)
    if len(lines) == 1:
        raise UserError(f"{path} has a header and no rows: give a row for each network")
    arch_column = header.index(ARCH)
    values = [list(_numbers(line, header, row, path)) for row, line in enumerate(lines[1:], 1)]
    table = np.array(values, dtype=np.float64).T
    metrics = [name for name in header if name != ARCH]
    return Table(
        path.name,
        tuple(line[arch_column].strip() for line in lines[1:]),
        dict(zip(metrics, table, strict=True)),
    )


def _unpacked(path: Path) -> bytes:
    """Return the bytes of a table, once they are known to be a table's and no more."""
    if path.exists() and not path.is_file():  # a pipe would block, a device never end
        raise UserError(f"{path} is no file: name a table of results")
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        content = file.read(TABLE_BYTES + 1)
        rest = file.read(1)  # where gzip compares its checksum
    if rest or len(content) > TABLE_BYTES or content.count(b",") > VALUES:
        raise UserError(
            f"{path} has more than {TABLE_BYTES / MIB:.0f} MiB or {VALUES} values: it is no table "
            "of results"
        )
    return content


def _check_header(header: list[str], path: Path) -> None:
    missing = [name for name in (ARCH, CLEAN) if name not in header]
    if missing:
        raise UserError(
            f"{path} has no column {' and no '.join(missing)}: its first line must read "
            f"{ARCH},{CLEAN},ATTACK_epsRADIUS,..."
        )
    repeats = [name for name, count in Counter(header).items() if count > 1]
    if repeats:
        raise UserError(f"{path} has column {repeats[0]} twice: keep one")


def _numbers(line: list[str], header: list[str], row: int, path: Path) -> Iterator[float]:
    if len(line) != len(header):
        raise UserError(f"row {row} of {path} has {len(line)} values, the header {len(header)}")
    for name, text in zip(header, line, strict=True):
        if name == ARCH:
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise UserError(
                f"{name} is '{text}' in row {row} of {path}: give an accuracy from 0 to 1"
            )
        yield value
