"""Configs and settings: frozen, refusing unknown names, with messages of one line."""

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo

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


def limit_or_none(value: object, refusal: str, most: float = math.inf) -> float | None:
    """Read a limit as a user writes it; None, written ``none``, stands for no limit.

    Args:
        value: A number above 0, or its text.
        refusal: What to say of anything else.
        most: The greatest limit; at any rate it is finite.

    Raises:
        UserError: With the refusal.
    """
    if value is None or value == "none":
        return None
    try:
        limit = float(str(value))
    except ValueError:
        limit = math.nan
    if not (0 < limit <= most and math.isfinite(limit)):
        raise UserError(refusal)
    return limit


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
        inner = [str(part) for part in loc[1:] if "[" not in str(part)]  # not of pydantic's unions
        name = ".".join([_label(model, str(loc[0])), *inner]) if loc else "settings"
        if first["type"] == "missing":
            raise UserError(f"{name} is missing") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{name} is {first['input']!r}: {message}") from None


def offer_of(field: FieldInfo) -> Mapping[str, Any] | None:
    """Return how a field is offered as an option; None where it is not.

    `trainables.study.settings.setting` declares it.
    """
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) and extra.get("panel") else None


def option_names(name: str, offer: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an option is called, and what turns it off where its declaration says so.

    Args:
        name: Of the field.
        offer: As `offer_of` returns it.
    """
    option, _, opposite = str(offer["option"] or name.replace("_", "-")).partition("/")
    return option, opposite


def _label(model: type[BaseModel], name: str) -> str:
    """Return the name of a field as a person writes it: that of its option, if it is one."""
    field = model.model_fields.get(name)
    offer = None if field is None else offer_of(field)
    return name if offer is None else option_names(name, offer)[0]
