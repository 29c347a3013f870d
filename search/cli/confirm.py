"""``python -m search confirm``: whether what a search claims holds."""

from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from search.cli.options import parameter
from search.cli.recorded import StudyOption, TrustOption, finder
from search.cli.runs import (
    Address,
    CacheOption,
    Concurrency,
    DataOption,
    FolderOption,
    InProcess,
    RunArgument,
    StorageOption,
    named_folders,
)
from search.confirmation.plan import ConfirmPlan
from search.options import options_of, with_parameters
from trainables.study.settings import OUTPUT

Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for all that is written; new, or of this very confirmation.",
        show_default="RUN/confirm",
        rich_help_panel=OUTPUT,
    ),
]
MACHINE = {"concurrency": Concurrency, "address": Address, "in_process": InProcess}
PLACES = {
    "data": DataOption,
    "cache": CacheOption,
    "folder": FolderOption,
    "storage": StorageOption,
}


def _confirm(
    run: str,
    *,
    out: Path | None,
    study: str | None,
    trust: bool,
    **values: Any,  # noqa: ANN401 - of options
) -> int:
    """Train the best anew, rank them under stronger attacks, then open the test split, once."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.confirmation.confirm import confirm as carry_out  # noqa: PLC0415
    from trainables.runtime.config import parse  # noqa: PLC0415

    machine = {name: values.pop(name) for name in MACHINE}
    machine = {name: value for name, value in machine.items() if value is not None}
    named = named_folders(**{name: values.pop(name) for name in PLACES})
    plan, find = parse(ConfirmPlan, values), finder(study, trust=trust)
    locations = {"named": named} if named else {}
    return carry_out(run, plan, out, machine, find, Console(soft_wrap=False), **locations)


confirm = with_parameters(
    _confirm,
    Parameter("run", Parameter.KEYWORD_ONLY, annotation=RunArgument),
    *(parameter(option) for option in options_of(ConfirmPlan)),
    *(
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=None)
        for name, annotation in ({"out": Out} | MACHINE | PLACES | {"study": StudyOption}).items()
    ),
    Parameter("trust", Parameter.KEYWORD_ONLY, annotation=TrustOption, default=False),
)
