"""Declared settings as options: what the command line and a run's file need to know of each.

`trainables.study.settings.setting` declares; this file reads the declarations. It loads neither
NumPy nor torch, so that ``--help`` may import it.
"""

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, Literal, Union, final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trainables.runtime.config import offer_of, option_names

SIMPLE = (bool, int, float, str, Path)


@final
@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting as a person writes it.

    Attributes:
        field: Name of the field.
        name: Of the option, with dashes between words and none before.
        opposite: What turns a yes-or-no setting off; empty for other settings.
        aliases: Further names.
        text: Help.
        panel: Heading in the help.
        default_text: The default in words; None for the default itself.
        default: Where the user gives none.
        kind: One of `SIMPLE`: how the command line reads it; the field itself may take more.
        repeatable: Whether the option may be given several times.
        words: Values that completion offers.
    """

    field: str
    name: str
    opposite: str
    aliases: tuple[str, ...]
    text: str
    panel: str
    default_text: str | None
    default: Any
    kind: type
    repeatable: bool
    words: tuple[str, ...]

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names that stand for the setting in a file: of option, aliases and field."""
        return (self.name, *self.aliases, self.field.replace("_", "-"))


def options_of(model: type[BaseModel]) -> tuple[Option, ...]:
    """List the fields of a model that were declared as options, in the order of the fields."""
    return tuple(
        _option(field, info)
        for field, info in model.model_fields.items()
        if offer_of(info) is not None
    )


def option_of(model: type[BaseModel], field: str) -> Option:
    """Return the option of one field, which must be declared as one."""
    return _option(field, model.model_fields[field])


def _option(field: str, info: FieldInfo) -> Option:
    declaration = offer_of(info) or {}
    kind, repeatable = kind_of(info.annotation)
    name, opposite = option_names(field, declaration)
    if kind is bool and not opposite:
        opposite = f"no-{name}"
    return Option(
        field=field,
        name=name,
        opposite=opposite,
        aliases=tuple(declaration["aliases"]),
        text=info.description or "",
        panel=declaration["panel"],
        default_text=declaration["default_text"],
        default=info.get_default(call_default_factory=False),
        kind=kind,
        repeatable=repeatable,
        words=_words(info),
    )


def kind_of(annotation: Any) -> tuple[type, bool]:  # noqa: ANN401 - any type of a field
    """Return how the command line reads a field, and whether its option may be repeated.

    A tuple of paths or texts is an option to repeat. A tuple of anything else is one text, such as
    numbers between commas, which the field's validator splits. A union is what can write all of its
    members: text if text is among them, else the first.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(arguments[0])
    if origin is Literal:
        return type(arguments[0]), False
    if origin in {Union, types.UnionType}:
        kinds = [kind_of(member) for member in arguments if member is not type(None)]
        return next((kind for kind in kinds if kind == (str, False)), kinds[0])
    if origin in {tuple, list, Sequence} and kind_of(arguments[0])[0] in {Path, str}:
        return kind_of(arguments[0])[0], True
    return (annotation if annotation in SIMPLE else str), False


def _words(info: FieldInfo) -> tuple[str, ...]:
    """Return what a field may be set to, where that is a short list."""
    if get_origin(info.annotation) is Literal:
        return tuple(str(value) for value in get_args(info.annotation))
    return tuple(str(value) for value in info.examples or ())


def with_parameters(function: Callable[..., int], *parameters: Parameter) -> Callable[..., int]:
    """Tell typer which parameters a function of keywords takes.

    A function that is written with one parameter an option would have to be written for each study,
    and would declare again what its settings declare.

    Args:
        function: Changed in place.
        parameters: By keyword, each with its annotation.
    """
    vars(function)["__signature__"] = Signature(parameters)
    function.__annotations__ = {each.name: each.annotation for each in parameters}
    return function
