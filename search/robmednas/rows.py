"""Scores of test subjects as CSV: one row a network, condition, subject and score."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from trainables.runtime.files import write_atomically

NAMES = ("row", "kind", "condition", "subject", "score")
NO_VALUE = ["", "nan"]


def write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file, whole or not at all; there must be a row, whose keys are the columns."""
    lines = list(rows)
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
    return pd.read_csv(
        file,
        dtype=dict.fromkeys(NAMES, str),
        keep_default_na=False,
        na_values={"value": NO_VALUE},
        encoding="utf-8-sig",
    )
