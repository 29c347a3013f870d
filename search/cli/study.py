"""The one command of all studies, ``python -m search STUDY``, made from declared settings."""

from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from search.cli.launch import launch
from search.cli.options import by_panel, parameter
from search.options import Option, options_of, with_parameters
from search.plan import Plan, Start
from search.study import StudyRow
from searchspace.errors import UserError
from searchspace.words import capitalised
from trainables.study.settings import StudySettings

Config = Annotated[
    Path | None,
    typer.Option(
        help="A file of YAML that holds options by their names; those on the command line "
        "override it. Every run writes one, RUN/run.yaml, that repeats it.",
        show_default="none",
    ),
]
CONTEXT, CONFIG = "context", "config"
# Metrics that help texts of the engine name, and the column of a study whose metric it shows.
EXAMPLES = {"ranking_pgd_acc_eps2": "pgd", "ranking_clean_bacc": "clean"}
RESERVED = (CONTEXT, CONFIG, "help", "study", "settings")


def study_command(name: str, study: StudyRow) -> Any:  # noqa: ANN401 - of typer's own click
    """Make the command of a study.

    Args:
        name: The study as the user names it.
        study: Its row.

    Raises:
        UserError: If the study's settings have names that the engine uses.
    """
    settings = study.load_settings()
    options = _options(name, settings)

    def command(context: typer.Context, config: Path | None, **values: object) -> int:
        chosen = {field: value for field, value in values.items() if _is_given(context, field)}
        return launch(name, study, chosen, config)

    paper = {**settings.PAPER, **settings.PAPER_PLAN}
    offers = [parameter(option, paper.get(option.field)) for option in options]
    state = Parameter(CONTEXT, Parameter.KEYWORD_ONLY, annotation=typer.Context)
    config = Parameter(CONFIG, Parameter.KEYWORD_ONLY, annotation=Config, default=None)
    return make_command(
        name, with_parameters(command, state, config, *offers), sentence(study.title)
    )


def sentence(title: str) -> str:
    """Return a title as a sentence; names in it stay as they are written."""
    return f"{capitalised(title)}."


def make_command(
    name: str,
    function: Callable[..., Any],
    text: str | None = None,
) -> Any:  # noqa: ANN401 - of typer's own click
    """Make a command of a function.

    Args:
        name: Of the command.
        function: Its parameters become arguments and options.
        text: Help; None for the function's docstring, up to its list of arguments.
    """
    app = typer.Typer(add_completion=False)
    text = text or (function.__doc__ or "").partition("Args:")[0].strip()
    app.command(name, help=text)(function)
    return typer.main.get_command(app)


def _options(name: str, settings: type[StudySettings]) -> list[Option]:
    """List all options of a study's command.

    Raises:
        UserError: If a name stands for two of them.
    """
    engine = [_exemplified(option, settings) for option in (*options_of(Plan), *options_of(Start))]
    study = options_of(settings)
    names = {*RESERVED}
    for option in (*engine, *study):
        spellings = {*option.spellings, option.opposite} - {""}
        if clashes := sorted(spellings & names):
            raise UserError(
                f"the study {name} has a setting '{option.field}', but the option --{clashes[0]} "
                "exists already: rename the setting"
            )
        names |= spellings
    return by_panel((*study, *engine))


def _exemplified(option: Option, settings: type[StudySettings]) -> Option:
    """Let the help of an option name metrics of this study, where it names those of another."""
    text, about = option.text, settings.about
    for example, column in EXAMPLES.items():
        if pattern := about.columns.get(column):
            text = text.replace(example, pattern.format(score=about.kept))
    return replace(option, text=text)


def _is_given(context: typer.Context, field: str) -> bool:
    """Tell whether an option is on the command line, and not only at its default."""
    source = context.get_parameter_source(field)
    return source is not None and source.name == "COMMANDLINE"
