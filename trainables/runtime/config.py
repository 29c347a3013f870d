"""Configs and settings: frozen, refusing unknown names, with messages of one line."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.runtime.encoding import is_utf8, printable

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """Base of every config and settings class."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_paths(self) -> Self:
        """Refuse a path that no record can hold, before anything is trained."""
        for name in type(self).model_fields:
            path = getattr(self, name)
            if isinstance(path, PurePath) and not is_utf8(path):
                label = name.replace("_", "-")
                raise UserError(f"{label} is {printable(path)}, which is not UTF-8: rename it")
        return self


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
        loc = first["loc"]
        name = ".".join([_label(model, str(loc[0])), *map(str, loc[1:])]) if loc else "settings"
        if first["type"] == "missing":
            raise UserError(f"{name} is missing") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{name} is {first['input']!r}: {message}") from None


def _label(model: type[BaseModel], field: str) -> str:
    """Return the name of a setting as its option has it (`trainables.study.settings.setting`)."""
    extra = model.model_fields[field].json_schema_extra if field in model.model_fields else None
    if not isinstance(extra, dict) or not extra.get("panel"):
        return field
    return str(extra["option"] or field).partition("/")[0].replace("_", "-")
