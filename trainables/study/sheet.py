"""Pictures as numbers: a run writes them, and a reader of the run draws them without torch."""

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from searchspace.errors import UserError
from trainables.door.arrays import SCORES_BYTES, open_arrays, write_arrays
from trainables.door.records import parse_json
from trainables.runtime.arrays import Floats32
from trainables.runtime.errors import first_line

Scale = Literal["image", "signed", "heat"]
Title = Annotated[str, Field(max_length=1000)]  # of what is drawn, which takes its time
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"  # of a sheet: it becomes the name of files
MOST = 64  # rows or columns
SIDE, ASPECT = 2048, 16  # pixels of a cell, and how many times longer than wide


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

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME, self.name):
            raise ValueError(f"its name, {self.name!r:.80}, is not letters, digits, - and _")
        if len({column.cells.shape[1:3] for column in self.columns}) > 1:
            raise ValueError("its columns are of different sizes")
        if any(column.notes and len(column.notes) != len(self.rows) for column in self.columns):
            raise ValueError("its notes are not one for each row")

    def write(self, file: Path) -> None:
        """Write an npz file, in half precision, whole or not at all; missing folders are made."""
        words = {field.name: getattr(self, field.name) for field in fields(self)}
        words["columns"] = [column.words() for column in self.columns]
        arrays: dict[str, np.ndarray] = {"words": np.array(json.dumps(words))}
        for number, column in enumerate(self.columns):
            arrays[f"cells_{number}"] = column.cells.astype(np.float16)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(file, arrays, packed=True)


class _Words(BaseModel):
    """What a sheet says beside its numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = Field(pattern=NAME)
    title: Title
    caption: str = Field(max_length=20_000)
    rows: tuple[Title, ...] = Field(min_length=1, max_length=MOST)
    columns: tuple["_ColumnWords", ...] = Field(min_length=1, max_length=MOST)


class _ColumnWords(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    title: Title
    scale: Scale
    low: float
    high: float
    unit: Title
    notes: tuple[Title, ...]


def read_sheet(file: Path, limit: int = SCORES_BYTES) -> Sheet:
    """Read what `Sheet.write` wrote.

    Args:
        file: As `trainables.door.paths.inside` returns it.
        limit: Bytes that it may have, unpacked.

    Raises:
        UserError: If it is damaged, or longer.
    """
    try:
        with open_arrays(file, limit) as arrays:
            values = parse_json(str(arrays["words"]).encode())
            words = _Words.model_validate_json(json.dumps(values))
            columns = tuple(
                Column(**column.model_dump(), cells=_cells(arrays[f"cells_{number}"], words))
                for number, column in enumerate(words.columns)
            )
        return Sheet(words.name, words.title, words.caption, words.rows, columns)
    except (OSError, ValueError, UserError) as error:
        reason = first_line(error).removeprefix(f"{file} is damaged: ")
        raise UserError(f"the pictures in {file} are damaged ({reason}): remove the file") from None


def _cells(cells: npt.NDArray[Any], words: _Words) -> Floats32:
    """Check the shape of a column's pictures: (R, H, W), or in colour (R, H, W, 3)."""
    if cells.ndim not in {3, 4} or cells.shape[3:] not in {(), (3,)} or cells.dtype.kind != "f":
        raise ValueError(f"its cells are {cells.dtype} {cells.shape}")
    if len(cells) != len(words.rows) or not all(1 <= side <= SIDE for side in cells.shape[1:3]):
        raise ValueError(f"its cells are {cells.shape}, of {len(words.rows)} rows")
    if not 1 / ASPECT <= cells.shape[1] / cells.shape[2] <= ASPECT:
        raise ValueError(f"its cells are {cells.shape}, too long for a page")
    return cells.astype(np.float32)
