"""JSON of a run: bounded in bytes, in depth and in parts before it becomes objects."""

import json
import re
from pathlib import Path
from typing import Any

from searchspace.errors import UserError
from trainables.door.opening import MIB, read_bytes
from trainables.door.text import may_be_unprintable, printable_values

RECORD_BYTES = 8 * MIB  # of a file of one object; Python's objects take about ten times as much
DEPTH = 32
GROUPS = 200_000  # objects and lists in it
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def read_json(file: Path, limit: int = RECORD_BYTES) -> Any:  # noqa: ANN401 - JSON values
    """Read a file of JSON.

    Args:
        file: As `trainables.door.paths.inside` returns it.
        limit: Bytes that it may have.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it cannot be read, is no JSON, or is beyond the bounds.
    """
    try:
        return parse_json(read_bytes(file, limit))
    except (FileNotFoundError, NotADirectoryError, UserError):
        raise
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {file}: {_line(error)}") from None


def parse_json(text: bytes, depth: int = DEPTH, *, strict: bool = True) -> Any:  # noqa: ANN401
    """Parse JSON in UTF-8, whose bytes are bounded by the caller; its texts become printable.

    Args:
        text: The bytes.
        depth: How deep it may be nested.
        strict: Whether NaN and infinities are refused; checkpoints and facts of frozen models
            may hold them.

    Raises:
        ValueError: If it is none, is nested deeper, is in too many parts, or has a name twice.
    """
    groups = text.count(b"[") + text.count(b"{")
    if groups > GROUPS:
        raise ValueError(f"it has {groups} lists and objects, and at most {GROUPS} are read")
    if groups > depth and _depth(text) > depth:
        raise ValueError(f"it is nested more than {depth} deep")
    # As bytes it might be UTF-16, whose brackets and escapes are not those that were looked for.
    decoder = _STRICT if strict else _DECODER
    values = decoder.decode(text.decode("utf-8-sig"))
    return printable_values(values) if may_be_unprintable(text) else values


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("it has a name twice in one object")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        byte = token[0]
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0]
