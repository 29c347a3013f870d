"""``python -m search resume``, ``status`` and ``replay``: what can be done with a run."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from search.cli.options import engine_option
from search.cli.recorded import StudyOption, TrustOption, finder
from searchspace.errors import UserError
from trainables.door.text import printable
from trainables.study.settings import DATA, OUTPUT, SEARCH

AS_BEFORE = "as the run was started"
RunArgument = Annotated[
    str,
    typer.Argument(
        help="The folder of a run, or its address: s3://BUCKET/PREFIX/RUN.",
        show_default=False,
        metavar="RUN",
    ),
]
InProcess = Annotated[bool | None, engine_option("in_process", AS_BEFORE)]
Concurrency = Annotated[int | None, engine_option("concurrency")]
Address = Annotated[str | None, engine_option("address")]


def _place(text: str, panel: str) -> Any:  # noqa: ANN401 - as typer's Option
    """Offer a place that the user names; a record may only suggest one."""
    return typer.Option(help=text, show_default=AS_BEFORE, rich_help_panel=panel)


DataOption = Annotated[
    Path | None, _place("Where the data are, for a run that was not made here.", DATA)
]
CacheOption = Annotated[
    Path | None, _place("Folder of cached models, for a run that was not made here.", DATA)
]
FolderOption = Annotated[
    list[str] | None,
    _place("Another folder of the study's settings, as NAME=PATH. May be given again.", DATA),
]
StorageOption = Annotated[
    str | None, _place("Where the run is kept, for a run that was not made here.", OUTPUT)
]


TrialsOption = Annotated[
    str | None,
    typer.Option(
        help="Sampled trials: +20 for twenty more, or how many in all.",
        show_default=AS_BEFORE,
        rich_help_panel=SEARCH,
    ),
]
RetryOption = Annotated[
    Literal["failed"] | None,
    typer.Option(
        help="failed: run the trials again that failed, once their cause is removed.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]


def named_folders(
    data: Path | None, cache: Path | None, folder: list[str] | None, storage: str | None
) -> dict[str, Any]:
    """Return the places that the user named, by field of the settings.

    Args:
        data: Of ``--data``.
        cache: Of ``--cache``.
        folder: Of ``--folder``, each as NAME=PATH.
        storage: Of ``--storage``.

    Raises:
        UserError: If one of ``--folder`` is of another form.
    """
    named: dict[str, Any] = {"data": data, "data_root": data, "cache": cache, "storage": storage}
    for text in folder or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UserError(f"--folder is {text!r}: write NAME=PATH")
        named[name.replace("-", "_")] = Path(path)
    return {
        name: value.expanduser().resolve() if isinstance(value, Path) else value
        for name, value in named.items()
        if value is not None
    }


def resume(  # noqa: PLR0913, PLR0917 - one parameter an option
    run: RunArgument,
    trials: TrialsOption = None,
    seed_check: Annotated[int | None, engine_option("seed_check", AS_BEFORE)] = None,
    race: Annotated[int | None, engine_option("race", AS_BEFORE)] = None,
    time_limit: Annotated[float | None, engine_option("time_limit_s")] = None,
    compute_limit: Annotated[float | None, engine_option("compute_limit_s")] = None,
    trial_limit: Annotated[float | None, engine_option("trial_limit_s")] = None,
    concurrency: Concurrency = None,
    address: Address = None,
    in_process: InProcess = None,
    data: DataOption = None,
    cache: CacheOption = None,
    folder: FolderOption = None,
    storage: StorageOption = None,
    retry: RetryOption = None,
    study: StudyOption = None,
    trust: TrustOption = False,  # noqa: FBT002 - a flag
) -> int:
    """Take a run up again after any end, or extend a finished one."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.run.runner import resume as take_up  # noqa: PLC0415
    from search.storage.runs import open_run  # noqa: PLC0415

    # Limits count anew; the machine stays what it was, unless it is named.
    limits = ("time_limit_s", "compute_limit_s", "trial_limit_s")
    change = dict[str, Any](zip(limits, (time_limit, compute_limit, trial_limit), strict=True))
    machine = {"concurrency": concurrency, "address": address, "in_process": in_process}
    change |= {"seed_check": seed_check, "race": race} | machine
    change = {name: value for name, value in change.items() if value is not None or name in limits}
    if trials is not None:
        change["trials"] = _count(trials, open_run(run))
    named = named_folders(data, cache, folder, storage) or None
    find, console = finder(study, trust=trust), Console(soft_wrap=False)
    return take_up(run, change, find, console, named, retry=retry is not None)


def status(run: RunArgument) -> int:
    """Show how far a run is: from another terminal while it runs, or after."""
    from rich.console import Console  # noqa: PLC0415

    from search.run.status import show  # noqa: PLC0415

    return show(run, Console(soft_wrap=False))


def replay(
    run: RunArgument,
    study: StudyOption = None,
    trust: TrustOption = False,  # noqa: FBT002 - a flag
) -> int:
    """Ask a run's sampler again, and tell whether it would propose the same."""
    from rich.console import Console  # noqa: PLC0415

    from search.run.runner import replay as ask_again  # noqa: PLC0415

    return ask_again(run, finder(study, trust=trust), Console(soft_wrap=False))


def repair(
    run: Annotated[
        Path, typer.Argument(help="The folder of a run.", show_default=False, metavar="RUN")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it, and do not only say it.")] = False,  # noqa: FBT002 - a flag
) -> int:
    """Say what can be done for a damaged run; do it with --yes."""
    from search.record.lock import locked  # noqa: PLC0415 - everything heavy comes after --help
    from search.record.repair import steps  # noqa: PLC0415
    from search.record.run_folder import RunFolder  # noqa: PLC0415

    folder = RunFolder(run.expanduser().resolve())
    planned = steps(folder)
    for step in planned:
        typer.echo(printable(step.line))
    if not planned:
        typer.echo("nothing is damaged")
    elif not yes:
        typer.echo(f"nothing was changed; to do it: python -m search repair {run} --yes")
    else:
        try:
            with locked(folder):
                for step in planned:
                    step.act()
        except OSError as error:
            raise UserError(f"cannot repair {run}: {error.strerror or error}") from error
        typer.echo(f"done; go on with: python -m search resume {run}")
    return 0


def _count(text: str, folder: Any) -> int:  # noqa: ANN401 - of a module that loads late
    """Read ``+20`` or ``120``."""
    from search.record.manifest import read_manifest  # noqa: PLC0415

    if not re.fullmatch(r"\+?[0-9]{1,9}", text) or int(text) == 0:
        raise UserError(f"--trials is {text!r}: give a number such as +20 or 120")
    before = read_manifest(folder).plan.trials
    if text.startswith("+"):
        return before + int(text)
    if int(text) < before:
        raise UserError(f"--trials {text} is less than the run's {before}: give more, or +20")
    return int(text)
