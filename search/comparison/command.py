"""The command of a comparison: the options that all share, and those of its own.

Quick to import, as every command line does: what works is imported when a command begins.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from search.comparison.options import SEEDS, EpochsOption, ImagesOption, OutOption, SeedsOption
from search.options import with_parameters


def offer(name: str, annotation: Any, default: Any = None) -> Parameter:  # noqa: ANN401 - of typer
    """Return an option of a command.

    Args:
        name: Under which its value is handed on.
        annotation: As typer reads it.
        default: Where the user gives none.
    """
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


MACHINE = (
    offer(
        "in_process",
        Annotated[bool, typer.Option("--in-process", help="Without Ray, one after the other.")],
        default=False,
    ),
    offer(
        "concurrency",
        Annotated[int | None, typer.Option(help="Trainings at the same time.", min=1)],
    ),
    offer(
        "address", Annotated[str | None, typer.Option(help="Of a running Ray cluster, or auto.")]
    ),
)
"""Where the trainings run: fields of `search.plan.Plan`."""

SETTINGS = (
    offer("epochs", EpochsOption),
    offer(
        "data_root",
        Annotated[Path | None, typer.Option(help="Folder of the npz files.", resolve_path=True)],
    ),
    offer("device", Annotated[str, typer.Option(help="cpu, cuda or auto.")], "auto"),
)
"""Of every study of classifiers."""


def comparison_command(
    text: str,
    module: str,
    *,
    datasets: tuple[str, str],
    fractions: str,
    settings: Sequence[Parameter] = (),
    own: Sequence[Parameter] = (),
) -> Callable[..., int]:
    """Make the command of a comparison.

    Args:
        text: Its help.
        module: Whose ``make_comparison`` takes a request and the values of ``own``.
        datasets: The default, and the help, which says what else there is.
        fractions: The default.
        settings: Options that are settings of the study, beside `SETTINGS`.
        own: Options that the comparison takes by their names.
    """
    everything = (*settings, *SETTINGS)

    def command(**values: Any) -> int:  # noqa: ANN401 - of each option its own
        from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

        from search.comparison.comparison import compare  # noqa: PLC0415
        from search.comparison.request import Request  # noqa: PLC0415

        def part(options: Sequence[Parameter]) -> dict[str, Any]:
            return {option.name: values[option.name] for option in options}

        plain = {name: values[name] for name in ("out", "datasets", "fractions", "seeds", "images")}
        request = Request(**plain, settings=part(everything), machine=part(MACHINE))
        return compare(import_module(module).make_comparison(request, **part(own)), Console())

    command.__doc__ = text
    shares = Annotated[str, typer.Option(help="Shares of the training images, with commas.")]
    return with_parameters(
        command,
        offer("out", OutOption, Parameter.empty),
        offer("datasets", Annotated[str, typer.Option(help=datasets[1])], datasets[0]),
        offer("fractions", shares, fractions),
        offer("seeds", SeedsOption, SEEDS),
        *own,
        *everything,
        offer("images", ImagesOption),
        *MACHINE,
    )
