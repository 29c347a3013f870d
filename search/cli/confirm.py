"""``python -m search confirm``: whether what a search claims holds."""

from pathlib import Path
from typing import Annotated, Any

import typer

from search.cli.recorded import StudyOption, finder
from search.cli.runs import Address, Concurrency, InProcess, RunArgument
from trainables.study.settings import OUTPUT, ROBUSTNESS, SEARCH, TRAINING


def confirm(  # noqa: PLR0913, PLR0917 - one parameter an option
    run: RunArgument,
    top: Annotated[
        int, typer.Option(help="How many of the best take part.", rich_help_panel=SEARCH)
    ] = 3,
    seeds: Annotated[
        int,
        typer.Option(
            help="Trainings of each, on seeds that the search did not use.",
            rich_help_panel=TRAINING,
        ),
    ] = 3,
    attacks: Annotated[
        str,
        typer.Option(
            help="The ensemble: standard, or quick (to look at, not to publish).",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = "standard",
    images: Annotated[
        int | None,
        typer.Option(
            help="At most so many images of each split.",
            show_default="all",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    references: Annotated[
        str,
        typer.Option(
            help="Which of the run's references take part: few (the essential), or all.",
            rich_help_panel=SEARCH,
        ),
    ] = "few",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for all that is written; new, or of this very confirmation.",
            show_default="RUN/confirm",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    concurrency: Concurrency = None,
    address: Address = None,
    in_process: InProcess = None,
    study: StudyOption = None,
) -> int:
    """Train the best anew, rank them under stronger attacks, then open the test split, once."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.confirmation.confirm import confirm as carry_out  # noqa: PLC0415
    from search.confirmation.plan import ConfirmPlan  # noqa: PLC0415
    from trainables.runtime.config import parse  # noqa: PLC0415

    choices = {"top": top, "seeds": seeds, "attacks": attacks, "images": images}
    plan = parse(ConfirmPlan, choices | {"references": references})
    options: dict[str, Any] = {
        "concurrency": concurrency, "address": address, "in_process": in_process
    }  # fmt: skip
    machine = {name: value for name, value in options.items() if value is not None}
    return carry_out(run, plan, out, machine, finder(study), Console(soft_wrap=False))
