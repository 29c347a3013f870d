"""The command line, ``python -m search <study>``; torch, Ray and Optuna load when a run starts."""

import os
import signal
import sys
import tempfile
import traceback
from types import FrameType
from typing import Annotated, Any

import typer

from search.cli import runs
from search.cli.confirm import confirm
from search.cli.files import files
from search.cli.group import Commands
from search.cli.predict import predict
from search.cli.simulate import simulate
from search.cli.token import token
from search.exit_status import INTERRUPTED, end
from searchspace.errors import UserError
from trainables.door.text import one_line
from trainables.runtime.errors import mistaken_path

MISTAKE = 2
DISTRIBUTION = "robust-medical-search"
SCRIPT = "robust-search"  # what shells complete: they cannot complete `python -m search`

app = typer.Typer(
    name="search",
    cls=Commands,
    help="Search for medical-imaging models that withstand attack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asks: bool) -> None:  # noqa: FBT001 - as typer calls it
    if asks:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def studies(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Search for medical-imaging models that withstand attack."""


app.command("resume")(runs.resume)
app.command("status")(runs.status)
app.command("replay")(runs.replay)
app.command("repair")(runs.repair)
app.command("confirm")(confirm)
app.command("predict")(predict)
app.command("simulate")(simulate)
app.command("files")(files)
app.command("token")(token)


class EndSignals:
    """Makes the signals by which a system ends a process end a run as Ctrl-C does.

    SLURM sends SIGTERM before it kills, a closed terminal sends SIGHUP. One that is ignored, as
    `nohup` has it, stays ignored.
    """

    def __init__(self) -> None:
        self._signum = 0
        for signum in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._end)

    def status(self, status: int) -> int:
        """Return the exit status: of the signal, where one interrupted the command."""
        return 128 + self._signum if self._signum and status == INTERRUPTED else status

    def _end(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._signum = signum
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a script ignores it for `... &`
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)  # to whoever has it now: Python, or a run on Ray


def main() -> None:
    """Run the command line, and turn whatever goes wrong into one line and an exit status."""
    signals = EndSignals()
    completion = any(word.endswith("-completion") for word in sys.argv[1:])
    try:
        status = app(standalone_mode=False, prog_name=SCRIPT if completion else None)
    except UserError as error:
        status = _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted\n")
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback on the terminal
        # click's errors, told by their method: newer typers carry a click of their own inside
        usage = hasattr(error, "format_message")
        line = _usage_line(error) if usage else mistaken_path(error)
        if usage and not line:  # without arguments the help is all that there is to say
            status = MISTAKE
        else:
            status = _complain(line) if line else _complain_of_us(error)
    end(signals.status(status or 0))


def _usage_line(error: Any) -> str:  # noqa: ANN401 - of typer's own click
    """Return the message of click's error, with what it leaves out."""
    line: str = error.format_message()
    errors = getattr(error.__cause__, "errors", None)  # pydantic's, which newer typers quote
    if errors:
        line += f": {errors()[0]['input']!r}"
    command = getattr(error, "ctx", None)
    if command is not None and command.info_name == "resume" and hasattr(error, "option_name"):
        line += "; the settings of a run are fixed: python -m search resume --help lists the rest"
    return line


def _complain(message: str) -> int:
    sys.stderr.write(f"error: {one_line(message)}\n")
    return MISTAKE


def _complain_of_us(error: Exception) -> int:
    """Say what broke, and where the traceback is: a note that the runner added."""
    notes = getattr(error, "__notes__", None)
    if not notes:
        descriptor, file = tempfile.mkstemp(prefix="search-traceback-", suffix=".txt", text=True)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(error)))
        notes = [f"a defect of ours; the traceback is in {file}"]
    _complain(f"{type(error).__name__}: {error}; {notes[-1]}")
    return 1
