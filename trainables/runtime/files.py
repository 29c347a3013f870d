"""Files that are whole or absent, and JSON that any reader accepts."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from searchspace.errors import UserError
from trainables.door.opening import is_empty, replacement

__all__ = ["begin_folder", "cannot_write", "replacement", "to_json", "write_atomically"]


def to_json(value: object, indent: int | None = None) -> str:
    """Turn a value into strict JSON: NaN and infinities become null, unknown objects their text."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def write_atomically(file: Path, text: str, *, durable: bool = False) -> None:
    """Replace a file by one with this text, in UTF-8, as `replacement` does.

    Args:
        file: Replaced.
        text: Its new content.
        durable: Whether it is on the disk when this returns.

    Raises:
        UserError: If the disk is full or the folder cannot be written to.
    """
    try:
        with replacement(file, durable=durable) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(file, error) from error


def begin_folder(folder: Path, mark: str) -> None:
    """Make a folder for results, or go on in it; refuse one that holds anything else.

    Args:
        folder: That the user named with ``--out``.
        mark: A name that a folder has in which such results were begun.

    Raises:
        UserError: If it cannot be made, or holds other files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if is_empty(folder) or os.path.lexists(folder / mark):
            return
    except FileExistsError:
        raise UserError(f"{folder} is a file: name a folder with --out") from None
    except OSError as error:
        raise cannot_write(folder, error) from error
    raise UserError(f"the folder {folder} is not empty: name a new one with --out")


def cannot_write(path: Path, error: OSError) -> UserError:
    """Say in one line what could not be written and why."""
    if isinstance(error, FileExistsError):
        return UserError(f"cannot write {path}: a file has this name, choose another")
    return UserError(f"cannot write {path}: {error.strerror or error}")


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON values
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)
