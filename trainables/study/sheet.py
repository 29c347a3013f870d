"""Pictures as numbers: a run writes them, and a reader of the run draws them without torch."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, final
from zipfile import BadZipFile

import numpy as np

from searchspace.errors import UserError
from trainables.runtime.arrays import Floats32
from trainables.runtime.errors import first_line
from trainables.runtime.files import replacement

Scale = Literal["image", "signed", "heat"]


@dataclass(frozen=True, eq=False)
class Column:
    """Pictures of one kind, one for each row of a sheet.

    Attributes:
        title: Of the column.
        cells: (R, H, W), or in colour (R, H, W, 3).
        scale: ``image`` in grey or colour; ``signed`` around 0; ``heat`` from 0 to 1 over the
            row's first picture.
        low: The value that is drawn darkest; not used by ``signed``.
        high: The value that is drawn lightest; ``signed`` spans from its negative to it.
        unit: Of the numbers; empty where they need no colour bar.
        notes: A line below each cell; none where empty.
    """

    title: str
    cells: Floats32
    scale: Scale = "image"
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    notes: tuple[str, ...] = ()

    def words(self) -> dict[str, Any]:
        """Return all fields except the cells, as JSON values."""
        names = (field.name for field in fields(self) if field.name != "cells")
        return {name: getattr(self, name) for name in names}


@final
@dataclass(frozen=True, eq=False)
class Sheet:
    """A page of pictures, in rows and columns.

    Attributes:
        name: Of the files that the page is drawn into, without a suffix.
        title: A few words.
        caption: What the page shows, how it was made, and from which split.
        rows: A name for each row.
        columns: From left to right, each with as many cells as there are rows.
    """

    name: str
    title: str
    caption: str
    rows: tuple[str, ...]
    columns: tuple[Column, ...]

    def write(self, file: Path) -> None:
        """Write an npz file, in half precision, whole or not at all; missing folders are made."""
        words = {field.name: getattr(self, field.name) for field in fields(self)}
        words["columns"] = [column.words() for column in self.columns]
        arrays: dict[str, np.ndarray] = {"words": np.array(json.dumps(words))}
        for number, column in enumerate(self.columns):
            arrays[f"cells_{number}"] = column.cells.astype(np.float16)
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacement(file) as part, part.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **arrays)


def read_sheet(file: Path) -> Sheet:
    """Read what `Sheet.write` wrote.

    Raises:
        UserError: If it is damaged.
    """
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            words: dict[str, Any] = json.loads(str(arrays["words"]))
            columns = tuple(
                Column(
                    **column | {"notes": tuple(column["notes"])},
                    cells=arrays[f"cells_{number}"].astype(np.float32),
                )
                for number, column in enumerate(words.pop("columns"))
            )
        return Sheet(**words | {"rows": tuple(words["rows"])}, columns=columns)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        reason = first_line(error)
        raise UserError(f"the pictures in {file} are damaged ({reason}): remove the file") from None
