"""Records that are one JSON object in a file, and say which version of their format they have."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidationError

from search.record.events import number
from searchspace.errors import UserError
from trainables.door.records import read_json
from trainables.runtime.files import to_json, write_atomically

VERSION = 1  # of manifests and confirmations; those of before it was written down are 0


def _measured(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError("it is no number")  # noqa: TRY004 - as pydantic wants it
    try:
        return number(value)
    except OverflowError as error:
        raise ValueError(str(error)) from None


Measured = Annotated[float, BeforeValidator(_measured)]
"""A number of which JSON has null where it is NaN."""


class Versioned(BaseModel):
    """Base of records; reads what it has fields for, and keeps all else that a file holds.

    Attributes:
        version: Of the format.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int
    _values: dict[str, Any] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's signature
        """Keep the whole content of the file, which `parse_versioned` passes as context."""
        self._values = dict(context or {})

    def as_json(self) -> dict[str, Any]:
        """Return all that the file holds, fields that are unknown here included."""
        return dict(self._values)

    def adding(self, file: Path, **fields: Any) -> Self:  # noqa: ANN401 - JSON values
        """Return a record with further fields, and write it.

        Args:
            file: Replaced; named in messages.
            **fields: JSON values, or what `to_json` makes such of.

        Raises:
            UserError: If a field is not of this version, or the file cannot be written.
        """
        record = parse_versioned(type(self), self._values | fields, file)
        text = to_json(record.as_json(), indent=2) + "\n"
        write_atomically(file, text, durable=True)
        return record


Record = TypeVar("Record", bound=Versioned)


def parse_versioned(kind: type[Record], values: Mapping[str, Any], file: Path | str) -> Record:
    """Validate the values of a record; those of an older version become the newest one's.

    Args:
        kind: Of record.
        values: JSON values.
        file: Where they come from, for messages.

    Raises:
        UserError: With the first field that is missing, unknown or of another type; or if a newer
            program wrote it.
    """
    version = values.get("version", 0)
    if isinstance(version, int) and version > VERSION:
        raise UserError(
            f"{file} is of version {version}, and this program reads up to {VERSION}: read it with "
            "the program that wrote it, or a newer one"
        )
    # Versions 0 and 1 differ in this field alone, and in fields that may be missing.
    text = to_json(dict(values) | {"version": VERSION if version == 0 else version})
    try:
        return kind.model_validate_json(text, strict=True, context=json.loads(text))
    except ValidationError as error:
        raise UserError(f"{file}: {_first_problem(error)}") from None


def read_versioned(kind: type[Record], file: Path) -> Record:
    """Read a record.

    Raises:
        FileNotFoundError: If there is no such file.
        UserError: If it cannot be read, is no JSON object, or `parse_versioned` refuses it.
    """
    try:
        values = read_json(file)
    except RecursionError:
        raise UserError(f"cannot read {file}: it is nested too deeply") from None
    if not isinstance(values, dict):
        raise UserError(f"{file} holds no JSON object")
    return parse_versioned(kind, values, file)


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(map(str, problem["loc"]))
    if not name:  # of several fields together
        return str(problem["msg"].removeprefix("Value error, "))
    if problem["type"] == "missing":
        return f"{name} is missing"
    if problem["type"] == "extra_forbidden":
        return f"{name} is unknown"
    return f"{name} is {problem['input']!r:.60}: {problem['msg']}"
