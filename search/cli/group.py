"""The list of commands: each study's own is made only when it is asked for."""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperGroup

from search.cli.study import make_command, sentence, study_command
from search.exit_status import INTERRUPTED
from search.studies import STUDIES, find_study
from search.study import STUDY_CLASSES
from trainables.runtime.plugins import is_path


class Commands(TyperGroup):
    """Studies, then the engine's commands, then what studies have of their own.

    A study is listed by its row alone. Its command, which needs its settings, takes the place of
    the entry in the list once the command line turns out to name it.
    """

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - as typer's
        super().__init__(**attributes)
        studies = {row.name: _entry(row.name, sentence(row.title)) for row in STUDIES.values()}
        self.commands = {**studies, **self.commands, **dict(_experiments())}

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # of typer's click
        """List all commands, those of installed packages among them."""
        for name in STUDY_CLASSES.names():
            self.commands.setdefault(name, _entry(name, "A study of an installed package."))
        return super().list_commands(ctx)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Find the command that is meant; make it first where it is a study's."""
        name = args[0]
        if name in STUDIES:
            self.commands[name] = study_command(name, STUDIES[name])
        elif is_path(name):
            if not ctx.resilient_parsing:  # completion runs no code that a path names
                self.commands[name] = study_command(name, find_study(name))
        elif name not in self.commands and name in STUDY_CLASSES.names():
            self.commands[name] = study_command(name, find_study(name))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # of typer's click  # noqa: ANN401
        """Run the command, and say that it was interrupted where it does not say so itself.

        That is while modules load. Newer typers turn Ctrl-C into a status without a word.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return INTERRUPTED


def _entry(name: str, text: str) -> Any:  # noqa: ANN401 - of typer's own click
    def nothing_yet() -> None:
        """Stand in the list."""

    return make_command(name, nothing_yet, text)


def _experiments() -> Iterator[tuple[str, Any]]:
    """Yield the commands of studies' own experiments.

    A study NAME may have a module ``search.NAME.commands`` with COMMANDS, from names of commands to
    functions. The module must be quick to import: every command line does.
    """
    for study in STUDIES:
        module = f"search.{study}.commands"
        try:
            exists = find_spec(module) is not None
        except ModuleNotFoundError:  # no package search.NAME
            exists = False
        if exists:
            commands: Mapping[str, Callable[..., int]] = import_module(module).COMMANDS
            for name, function in commands.items():
                yield name, make_command(name, function)
