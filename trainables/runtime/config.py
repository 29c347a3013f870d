"""Configs and settings: frozen, refusing unknown names, with messages of one line."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from searchspace.errors import UserError
from searchspace.names import lookup

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """Base of every config and settings class."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def parse(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Validate values against a model.

    Raises:
        UserError: If a name is unknown (the message lists close matches), or a value is missing or
            not allowed (the message says what is allowed). Only the first error is reported.
    """
    for name in values:
        lookup(model.model_fields, str(name), "setting")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, UserError):  # already says it in full
            raise cause from None
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        if first["type"] == "missing":
            raise UserError(f"{name} is missing") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{name} is {first['input']!r}: {message}") from None
