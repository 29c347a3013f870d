"""The command line, ``python -m search <study>``; torch, Ray and Optuna load when a run starts."""

import sys
import tempfile
import traceback
from pathlib import Path

import typer

from search.cli import runs
from search.cli.confirm import confirm
from search.cli.simulate import simulate
from search.cli.tsynd import tsynd
from search.exit_status import INTERRUPTED
from search.robmednas import commands as robmednas_experiments
from search.robmednas.command import robmednas
from search.studies import STUDIES
from searchspace.errors import UserError

MISTAKE = 2

app = typer.Typer(
    name="search",
    help="Search for medical-imaging models that withstand attack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def studies() -> None:
    """Search for medical-imaging models that withstand attack."""


app.command("tsynd", help=f"{STUDIES['tsynd'].title.capitalize()}.")(tsynd)
app.command("robmednas", help=f"{STUDIES['robmednas'].title}.")(robmednas)
app.command("resume")(runs.resume)
app.command("status")(runs.status)
app.command("replay")(runs.replay)
app.command("confirm")(confirm)
app.command("simulate")(simulate)
app.command("robmednas-final")(robmednas_experiments.final)
app.command("robmednas-corruption")(robmednas_experiments.corruption)
app.command("robmednas-stability")(robmednas_experiments.stability)
app.command("phantom")(robmednas_experiments.phantom)


def main() -> None:
    """Run the command line, and turn whatever goes wrong into one line and an exit status."""
    try:
        status = app(standalone_mode=False)
    except UserError as error:
        status = _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback on the terminal
        # click's errors, told by their method: newer typers carry a click of their own inside
        usage = getattr(error, "format_message", None)
        status = _complain(usage()) if usage else _complain_of_us(error)
    sys.exit(status or 0)


def _complain(message: str) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return MISTAKE


def _complain_of_us(error: Exception) -> int:
    """Say what broke, and where the traceback is: a note that the runner added."""
    notes = getattr(error, "__notes__", None)
    if not notes:
        file = Path(tempfile.gettempdir(), "search-traceback.txt")
        file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        notes = [f"a defect of ours; the traceback is in {file}"]
    _complain(f"{type(error).__name__}: {error}; {notes[-1]}")
    return 1
