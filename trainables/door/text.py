"""Text of a record, made harmless for where it goes: a terminal, a table, a page of Markdown."""

import re
from collections.abc import Mapping
from typing import Any

# Control characters, which move a terminal's cursor, set its title or its clipboard; characters
# that turn the direction of writing, by which a text reads as another; halves of a pair.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
# What begins code, emphasis, HTML, a cell, a formula; and what makes a link of brackets.
_MARKUP = re.compile(r"[\\`*_<|$]|^[#>]|\](?=[(\[:])")
_ESCAPE = re.compile(rb"[^\x00-\x7e]|\\[ubfr]")
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)


def printable(text: object) -> str:
    r"""Return a text whose control characters are written out, such as ``\x1b``.

    Newlines and tabs stay.
    """
    return _CONTROL.sub(lambda match: repr(match[0])[1:-1], str(text))


def printable_values(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Return JSON values all of whose texts, names included, are `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [printable_values(item) for item in value]
    if isinstance(value, dict):
        return {printable(name): printable_values(item) for name, item in value.items()}
    return value


def may_be_unprintable(json_text: bytes) -> bool:
    r"""Tell whether a JSON text could hold such characters: as bytes, or as ``\u`` and a number."""
    return _ESCAPE.search(json_text) is not None


def one_line(text: object) -> str:
    """Return a printable text whose white space is single blanks."""
    return " ".join(printable(text).split())


def to_cell(value: object) -> object:
    """Return what a CSV file holds for a value: a text that is no formula.

    Spreadsheets run a text that begins with ``=``, ``+``, ``-`` or ``@``; an apostrophe before it
    says that it is a text. Numbers stay numbers. `from_cell` removes the apostrophe again.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def from_cell(text: str) -> str:
    """Return the text that `to_cell` wrote down."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def cells(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row of a CSV file, its names included."""
    return {str(to_cell(name)): to_cell(value) for name, value in row.items()}


def to_markdown(text: object) -> str:
    """Return a text as a part of a line of Markdown: nothing in it is markup or HTML."""
    line = _MARKUP.sub(lambda match: f"\\{match[0]}", one_line(text))
    return line.replace("\\<", "&lt;").replace("://", ":&#47;/")


def to_code(text: object) -> str:
    """Return a text as code in a cell of a Markdown table."""
    line = one_line(text).replace("`", "'").replace("|", "/")  # both would end it
    return f"`{line}`"
