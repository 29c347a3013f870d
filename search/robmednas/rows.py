"""Scores of test subjects as CSV: one row a network, condition, subject and score."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from searchspace.errors import UserError
from trainables.door.opening import MIB, read_bytes
from trainables.door.text import cells, from_cell, printable
from trainables.runtime.errors import first_line, typed_line
from trainables.runtime.files import write_atomically

NAMES = ("row", "kind", "condition", "subject", "score")
NUMBERS, NUMBER = ("strength", "value"), "number"
ROWS_BYTES, LINES, COLUMNS = 32 * MIB, 500_000, 16
SHOWN = 100  # rows of a table, and kinds of conditions: each is a line or a column
NO_VALUE = ["", "nan"]


def write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file, whole or not at all; there must be a row, whose keys are the columns."""
    lines = [cells(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    write_atomically(file, text.getvalue())


def read_rows(file: Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read what `write_rows` wrote; names stay as they are, also NA, null, 007 or 1e5.

    Args:
        file: May be a stranger's.
        columns: Which it has to have.

    Raises:
        UserError: If it cannot be read, is no CSV file in UTF-8, is longer than any is that this
            program writes, or lacks a column.
    """
    try:
        frame = _parse(read_bytes(file, ROWS_BYTES))
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {file}: {first_line(error)}") from None
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UserError(f"{file} has no column '{missing[0]}': make it again")
    texts = [name for name in NAMES if name in frame]
    crowded = [name for name in ("row", "kind") if name in frame and frame[name].nunique() > SHOWN]
    if crowded:
        raise UserError(f"{file} has more than {SHOWN} values of '{crowded[0]}': make it again")
    return frame.assign(**{name: frame[name].map(_to_text) for name in texts})


def damaged_rows(file: Path, error: Exception) -> UserError:
    """Say that a table lacks what is shown of it."""
    return UserError(
        f"{file} is not as it was written ({typed_line(error)}): remove it, to make it again"
    )


def _parse(content: bytes) -> pd.DataFrame:
    lines = content.count(b"\n") + content.count(b"\r")
    columns = content.partition(b"\n")[0].count(b",") + 1
    if lines > LINES or columns > COLUMNS:
        raise ValueError(f"it has {lines} lines and {columns} columns, and is not of this program")
    return pd.read_csv(
        io.BytesIO(content),
        dtype={**dict.fromkeys(NAMES, str), **dict.fromkeys(NUMBERS, float), NUMBER: int},
        keep_default_na=False,
        na_values=dict.fromkeys(NUMBERS, NO_VALUE),
        encoding="utf-8-sig",
        index_col=False,
    )


def _to_text(cell: str) -> str:
    return printable(from_cell(cell))
