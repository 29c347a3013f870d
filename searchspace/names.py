"""Look up names in tables; the message for an unknown name lists close matches."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from searchspace.errors import UserError

Value = TypeVar("Value")


def lookup(table: Mapping[str, Value], name: str, what: str) -> Value:
    """Return the entry of a table with this name.

    Args:
        table: The entries by name.
        name: The name as the user wrote it.
        what: The kind of thing, for the message: "dataset", "sampler".

    Raises:
        UserError: If the name is not in the table; the message lists close matches, or all names.
    """
    if name in table:
        return table[name]
    near = get_close_matches(name.lower(), list(table), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(table)}"
    raise UserError(f"unknown {what} '{name}': {hint}")
