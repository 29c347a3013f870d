"""Pictures as numbers: a run writes them, whoever reads the run draws them. Needs no torch."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError

Scale = Literal["image", "signed", "heat"]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Column:
    """Pictures of one kind, one a row.

    Attributes:
        title: Of the column.
        cells: (R, H, W), or in colour (R, H, W, 3).
        scale: ``image`` in grey or colour; ``signed`` around 0; ``heat`` from 0 to 1 over the
            row's first picture.
        low: What is drawn darkest (``signed``: its opposite).
        high: What is drawn lightest.
        unit: Of the numbers; empty where they need no key.
        notes: A line below each cell; none where empty.
    """

    title: str
    cells: Floats
    scale: Scale = "image"
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    notes: tuple[str, ...] = ()

    def words(self) -> dict[str, Any]:
        """Return all but the cells."""
        names = (field.name for field in fields(self) if field.name != "cells")
        return {name: getattr(self, name) for name in names}


@final
@dataclass(frozen=True, eq=False)
class Sheet:
    """A page of pictures.

    Attributes:
        name: Of the files that it is drawn into.
        title: A few words.
        caption: What is seen, how it was made, and from which split.
        rows: A name for each row.
        columns: From left to right, each with as many cells as there are rows.
    """

    name: str
    title: str
    caption: str
    rows: tuple[str, ...]
    columns: tuple[Column, ...]

    def write(self, file: Path) -> None:
        """Write an npz file, in half precision, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.stem}.part.npz")
        cells = {f"cells_{n}": one.cells.astype(np.float16) for n, one in enumerate(self.columns)}
        words = {field.name: getattr(self, field.name) for field in fields(self)}
        words["columns"] = [one.words() for one in self.columns]
        np.savez_compressed(part, allow_pickle=False, words=np.array(json.dumps(words)), **cells)
        part.replace(file)


def read_sheet(file: Path) -> Sheet:
    """Read what `Sheet.write` wrote.

    Raises:
        UserError: If it is damaged.
    """
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as found:
            words: dict[str, Any] = json.loads(str(found["words"]))
            columns = tuple(
                Column(
                    **column | {"notes": tuple(column["notes"])},
                    cells=found[f"cells_{n}"].astype(np.float32),
                )
                for n, column in enumerate(words.pop("columns"))
            )
        return Sheet(**words | {"rows": tuple(words["rows"])}, columns=columns)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"the pictures in {file} are damaged ({first}): remove the file") from None
