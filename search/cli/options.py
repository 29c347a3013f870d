"""Declared settings as parameters of typer commands."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from search.options import Option, option_of
from search.plan import Plan
from trainables.study.settings import PANELS

Words = Callable[[str], list[str]]


def parameter(option: Option, paper: object = None) -> Parameter:
    """Return the parameter of a command function that offers an option.

    Args:
        option: What is offered.
        paper: Its value with ``--preset paper``; None where the preset does not change it.
    """
    kind = list[Path] if option.repeatable and option.kind is Path else option.kind
    if option.repeatable and option.kind is str:
        kind = list[str]
    default = option.default if isinstance(option.default, option.kind) else None
    annotation = Annotated[kind | None, typer_option(option, paper)]  # type: ignore[valid-type]
    return Parameter(option.field, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def typer_option(option: Option, paper: object = None) -> Any:  # noqa: ANN401 - as typer's own
    """Return what typer needs to know of an option; arguments as of `parameter`."""
    names = [f"--{name}" for name in (option.name, *option.aliases)]
    if option.kind is bool:
        names[0] += f"/--{option.opposite}"
    return typer.Option(
        *names,
        help=escaped(option.text),
        rich_help_panel=option.panel,
        show_default=_default_of(option, paper),
        autocompletion=_words(option.words),
    )


def engine_option(field: str, default_text: str | None = None) -> Any:  # noqa: ANN401 - as typer's own
    """Return an option of `Plan` for a command that is written out.

    Args:
        field: Its name.
        default_text: The default in words, where it is another than in a new run.
    """
    option = option_of(Plan, field)
    return typer_option(
        option if default_text is None else replace(option, default_text=default_text)
    )


def by_panel(options: tuple[Option, ...]) -> list[Option]:
    """Sort options by the heading that they are listed under, the rest of the order untouched."""
    order: Mapping[str, int] = {panel: number for number, panel in enumerate(PANELS)}
    return sorted(options, key=lambda option: order.get(option.panel, len(PANELS)))


def escaped(text: str) -> str:
    """Return a help text as Rich is to print it: brackets in it are no markup."""
    if "[" not in text:
        return text
    from rich.markup import escape  # noqa: PLC0415 - most texts do without

    return escape(text)


def _default_of(option: Option, paper: object) -> str | bool:
    """Return the default as the help shows it; True for typer's own way."""
    default_text = option.default_text
    if paper not in {None, option.default}:
        usual = option.default if default_text is None else default_text
        return f"{_plain(usual, option)}; paper {_plain(paper, option)}"
    return default_text if default_text is not None else option.default is not None


def _plain(value: object, option: Option) -> str:
    """Write a value as the user would; of a yes-or-no setting, the option that says so."""
    if isinstance(value, bool):
        return option.name if value else option.opposite
    return str(value)


def _words(words: tuple[str, ...]) -> Words | None:
    if not words:
        return None

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete
