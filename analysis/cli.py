"""The command line, ``python -m analysis RUN ...``: reports of runs, tables and figures."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from search.exit_status import INTERRUPTED
from searchspace.errors import UserError
from trainables.door.paths import inside
from trainables.door.text import one_line, printable
from trainables.runtime.errors import mistaken_path

MISTAKE = 2
MANIFEST = "manifest.json"  # of a search; a folder of experiments has none

app = typer.Typer(
    name="analysis",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def analyse(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to write; of several runs each gets a folder there.",
            show_default="RUN/analysis",
        ),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(help="Write for a tracker instead: tensorboard, mlflow or wandb."),
    ] = None,
) -> None:
    """Write the report of each run (HTML), its tables (CSV) and figures (PNG, SVG).

    Of two runs and more also a page that compares them: in --out, else beside each report.
    """
    from analysis.load import load  # noqa: PLC0415 - heavy: after --help
    from analysis.trackers.registry import write_log  # noqa: PLC0415

    folders = [_folder(run, out, several=len(runs) > 1) for run in runs]
    if len(set(folders)) < len(folders):
        raise UserError("two runs have the same name: analyse them one by one")
    if log is None:
        _report(runs, folders, out)
        return
    loaded = [load(run) for run in runs]  # nothing is written where one of them is none
    for run, folder in zip(loaded, folders, strict=True):
        _say(folder, [f"see it with: {write_log(log, run, folder)}"])


def _report(runs: list[Path], folders: list[Path], out: Path | None) -> None:
    from analysis.export import (  # noqa: PLC0415
        export,
        export_comparison,
        export_experiments,
        has_experiments,
    )
    from analysis.load import load  # noqa: PLC0415

    loaded = {  # before anything is written: a run may be none
        folder: load(run)
        for run, folder in zip(runs, folders, strict=True)
        if not has_experiments(run) or (run / MANIFEST).exists()
    }
    for run, folder in zip(runs, folders, strict=True):
        files = export_experiments(run, folder)
        if folder in loaded:
            files += export(loaded[folder], folder)
        _say(folder, files)
    if len(loaded) > 1:
        for target in [out] if out else loaded:
            _say(target, export_comparison(list(loaded.values()), list(loaded), target))


def main() -> None:
    """Run the command line; what goes wrong is one line."""
    status = None
    try:
        status = app(standalone_mode=False)
    except UserError as error:
        _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED  # which newer typers return of themselves
    except Exception as error:
        usage = getattr(
            error, "format_message", None
        )  # click's; newer typers carry their own click
        line = usage() if usage else mistaken_path(error)
        if not line:
            raise
        _complain(line)
    if status == INTERRUPTED:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)


def _folder(run: Path, out: Path | None, *, several: bool) -> Path:
    if out is None:
        return inside(run, "analysis")  # a link in a run is not followed
    return out / run.resolve().name if several else out


def _say(folder: Path, names: Iterable[str]) -> None:
    lines = [f"{folder}:", *(f"  {name}" for name in names), ""]
    sys.stdout.write(printable("\n".join(lines)))


def _complain(message: str) -> None:
    sys.stderr.write(f"error: {one_line(message)}\n")
    sys.exit(MISTAKE)
