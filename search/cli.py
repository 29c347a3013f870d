"""The command line, ``python -m search <study>``; torch, Ray and Optuna load when a run starts."""

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from search import options
from search.studies import STUDIES
from searchspace.errors import UserError

DATA, TRAINING, ROBUSTNESS = "Data", "Training", "Robustness"
MISTAKE = 2
INTERRUPTED = 130

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


@app.command(help=f"{STUDIES['tsynd'].title.capitalize()}.")
def tsynd(  # noqa: PLR0913, PLR0917 - one parameter an option
    dataset: Annotated[
        str | None,
        typer.Option(
            help="A 2D MedMNIST dataset by name, or phantom, which is made here.",
            show_default="phantom",
            rich_help_panel=DATA,
        ),
    ] = None,
    data_root: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the npz files; what is missing is downloaded.",
            resolve_path=True,
            rich_help_panel=DATA,
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Pixels: 28, 64, 128 or 224.", show_default="28", rich_help_panel=DATA),
    ] = None,
    fraction: Annotated[
        float | None,
        typer.Option(
            help="Share of the training images that trains.",
            show_default="0.1",
            rich_help_panel=DATA,
        ),
    ] = None,
    ranking_from: Annotated[
        str | None,
        typer.Option(
            help="Where the images that rank come from: the training images that the fraction "
            "leaves out (left-out), half of val (val), or whichever gives more (auto).",
            show_default="auto",
            rich_help_panel=DATA,
        ),
    ] = None,
    ranking_images: Annotated[
        int | None,
        typer.Option(help="At most so many images rank.", show_default="256", rich_help_panel=DATA),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="cnn, densenet, resnet18-16 (width 16) or resnet18.",
            show_default="cnn; on a GPU resnet18-16",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Budget of a trial.", show_default="60", rich_help_panel=TRAINING),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="default (scaled to a laptop) or paper (its ResNet-18 and 100 epochs).",
            show_default="default",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    attack: Annotated[
        str | None,
        typer.Option(
            help="The attack that ranks: pgd, fgsm, apgd-ce, apgd-margin or square.",
            show_default="pgd",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    eps: Annotated[
        str | None,
        typer.Option(
            help="Radii in pixels of [0, 1], with commas.",
            show_default="0,1/255,2/255,4/255,8/255",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            help="Clean balanced accuracy below which a trial cannot win.",
            show_default="a tenth of the way from chance to 1",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    trials: options.Trials = 20,
    sampler: options.Sampler = "tpe",
    scheduler: options.Scheduler = "asha",
    references: options.References = "all",
    metric: options.Metric = None,
    seed: options.Seed = 0,
    time_limit: options.TimeLimit = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="auto, cpu, cuda or cuda:1.",
            show_default="auto",
            rich_help_panel=options.MACHINE,
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="In which images are made: fp32, bf16, or bf16 where there is hardware (auto).",
            show_default="auto",
            rich_help_panel=options.MACHINE,
        ),
    ] = None,
    concurrency: options.Concurrency = None,
    cpus_per_trial: options.CpusPerTrial = 1,
    gpus_per_trial: options.GpusPerTrial = None,
    address: options.Address = None,
    in_process: options.InProcess = False,  # noqa: FBT002 - a flag
    run: options.Run = None,
) -> int:
    """Search TSynD."""
    settings = {
        "dataset": dataset,
        "data_root": data_root,
        "size": size,
        "fraction": fraction,
        "ranking_from": ranking_from,
        "ranking_images": ranking_images,
        "classifier": classifier,
        "epochs": epochs,
        "protocol": protocol,
        "attack": attack,
        "eps": eps,
        "floor": floor,
        "device": device,
        "precision": precision,
        "seed": seed,
    }
    engine = {
        "trials": trials,
        "sampler": sampler,
        "scheduler": scheduler,
        "references": references,
        "metric": metric,
        "seed": seed,
        "time_limit_s": time_limit,
        "concurrency": concurrency,
        "cpus_per_trial": cpus_per_trial,
        "gpus_per_trial": gpus_per_trial,
        "address": address,
        "in_process": in_process,
        "run": run,
    }
    return start("tsynd", settings, engine)


def start(study: str, settings: dict[str, Any], engine: dict[str, Any]) -> int:
    """Run a study with what the user gave; an option left at None is the study's to decide."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.plan import Plan  # noqa: PLC0415
    from search.runner import run  # noqa: PLC0415
    from trainables.config import parse  # noqa: PLC0415

    given = {name: value for name, value in settings.items() if value is not None}
    plan = parse(Plan, {"study": study, "settings": given, **engine})
    return run(plan, STUDIES[study], Console(soft_wrap=False))


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
