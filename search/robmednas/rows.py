"""Scores of test subjects as CSV: one row a network, condition, subject and score."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from trainables.door.opening import MIB, read_bytes
from trainables.door.text import cells, from_cell
from trainables.runtime.files import write_atomically

NAMES = ("row", "kind", "condition", "subject", "score")
ROWS_BYTES = 64 * MIB
NO_VALUE = ["", "nan"]


def write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file, whole or not at all; there must be a row, whose keys are the columns."""
    lines = [cells(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    write_atomically(file, text.getvalue())


def read_rows(file: Path) -> pd.DataFrame:
    """Read what `write_rows` wrote; names stay as they are, also NA, null, 007 or 1e5.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no CSV file in UTF-8.
    """
    frame = pd.read_csv(
        io.BytesIO(read_bytes(file, ROWS_BYTES)),
        dtype=dict.fromkeys(NAMES, str),
        keep_default_na=False,
        na_values={"value": NO_VALUE},
        encoding="utf-8-sig",
    )
    texts = [name for name in NAMES if name in frame]
    return frame.assign(**{name: frame[name].map(from_cell) for name in texts})
