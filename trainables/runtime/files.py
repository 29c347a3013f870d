"""Files that are whole or absent, and JSON that any reader accepts."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from searchspace.errors import UserError


def to_json(value: object, indent: int | None = None) -> str:
    """Turn a value into strict JSON: NaN and infinities become null, unknown objects their text."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


@contextmanager
def replacement(file: Path) -> Iterator[Path]:
    """Replace a file by a new one; a reader, or a crash, finds either the old or the new.

    The block writes to the path it receives, a hidden name in the same folder without the file's
    suffix. When the block ends, that file takes the place of the old one; when it raises, that file
    is removed and the old one stays.

    Raises:
        OSError: If the block raises it, or the file cannot be replaced.

    Example:
        >>> with replacement(file) as part, part.open("wb") as stream:  # doctest: +SKIP
        ...     np.savez(stream, scores=scores)
    """
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_atomically(file: Path, text: str) -> None:
    """Replace a file by one with this text, in UTF-8, as `replacement` does.

    Raises:
        UserError: If the disk is full or the folder cannot be written to.
    """
    try:
        with replacement(file) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(file, error) from error


def cannot_write(path: Path, error: OSError) -> UserError:
    """Say in one line what could not be written and why."""
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
