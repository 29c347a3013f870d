"""``python -m search robmednas``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.launch import launch
from search.cli.options import DATA, ROBUSTNESS, SEARCH, TRAINING

PAPER = {"trials": 200, "scheduler": "fifo"}
DEFAULT = {"trials": 20, "scheduler": "asha"}
PAPER_REPEATS = 15


def robmednas(  # noqa: PLR0913, PLR0917 - one parameter an option
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with a folder a subject: mr, ct and maybe mask, .nii or .nii.gz.",
            show_default="a phantom, made here",
            resolve_path=True,
            rich_help_panel=DATA,
        ),
    ] = None,
    subjects: Annotated[
        int | None,
        typer.Option(help="Of the phantom.", show_default="40", rich_help_panel=DATA),
    ] = None,
    slices: Annotated[
        int | None,
        typer.Option(help="Of a phantom subject.", show_default="3", rich_help_panel=DATA),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Pixels that the network sees, to a side.", show_default="64", rich_help_panel=DATA
        ),
    ] = None,
    field: Annotated[
        float | None,
        typer.Option(
            help="Millimetres that they cover: the image is cropped or padded to that.",
            show_default="256",
            rich_help_panel=DATA,
        ),
    ] = None,
    subset: Annotated[
        str | None,
        typer.Option(
            help="all subjects, or paper: 6 of the training subjects, 4:1:1.",
            show_default="all",
            rich_help_panel=DATA,
        ),
    ] = None,
    data_seed: Annotated[
        int | None,
        typer.Option(
            help="Of splits and phantom: the same for searches that are compared.",
            show_default="0",
            rich_help_panel=DATA,
        ),
    ] = None,
    max_filters: Annotated[
        int | None,
        typer.Option(
            help="Most filters of a block: 16, 32, 64, 128 or 256.",
            show_default="32",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    max_depth: Annotated[
        int | None,
        typer.Option(help="Most encoder blocks, 2 to 5.", show_default="5", rich_help_panel=SEARCH),
    ] = None,
    max_params: Annotated[
        int | None,
        typer.Option(
            help="Most parameters of a network that is trained.",
            show_default="none",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    kernels: Annotated[
        str | None,
        typer.Option(
            help="Of the four branches: square (1, 3, 5, 7) or inception.",
            show_default="square",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Budget of a trial.", show_default="30", rich_help_panel=TRAINING),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(help="Slices a step.", show_default="6", rich_help_panel=TRAINING),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(help="Learning rate.", show_default="0.003", rich_help_panel=TRAINING),
    ] = None,
    flip: Annotated[
        bool | None,
        typer.Option(
            help="Mirror training slices at random.", show_default="flip", rich_help_panel=TRAINING
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="default (scaled to a laptop) or paper (256 pixels, 256 filters, 10 epochs, its "
            "subset, ranked by FGSM, 200 trials).",
            show_default="default",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    attack: Annotated[
        str | None,
        typer.Option(
            help="The attack that ranks: pgd, fgsm, apgd or square.",
            show_default="pgd",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    eps: Annotated[
        str | None,
        typer.Option(
            help="Radii in standard deviations of the MR, with commas; or auto, by the baseline.",
            show_default="0,0.05,0.1,0.2",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    ladder: Annotated[
        str | None,
        typer.Option(
            help="Rungs, cheap first, as EPOCHS:ATTACK[-STEPS][xRESTARTS][@IMAGES][!].",
            show_default="10:pgd-5,30:pgd-10,30:pgd-20x2!",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            help="Share by which clean head MAE may exceed the baseline's.",
            show_default="0.25",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            help="Sampled trials; the references come on top.",
            show_default="20; paper 200",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    sampler: options.Sampler = "tpe",
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Who stops trials early: asha (at each rung the best third goes on), fifo.",
            show_default="asha; paper fifo",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            help="Searches one after the other, with seeds that count up.",
            show_default="1; paper 15",
            min=1,
            rich_help_panel=SEARCH,
        ),
    ] = None,
    references: options.References = "all",
    metric: options.Metric = None,
    trade_off: options.TradeOff = None,
    seed: options.Seed = 0,
    race: options.Race = 0,
    first: options.First = None,
    warm_start: options.WarmStart = None,
    time_limit: options.TimeLimit = None,
    compute_limit: options.ComputeLimit = None,
    trial_limit: options.TrialLimit = None,
    device: options.Device = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Of the training's forward pass: fp32, bf16, or bf16 where it pays (auto).",
            show_default="auto",
            rich_help_panel=options.MACHINE,
        ),
    ] = None,
    concurrency: options.Concurrency = None,
    cpus_per_trial: options.CpusPerTrial = 1,
    gpus_per_trial: options.GpusPerTrial = None,
    max_memory: options.MaxMemory = None,
    address: options.Address = None,
    in_process: options.InProcess = False,  # noqa: FBT002 - a flag
    run: options.Run = None,
    storage: options.Storage = None,
) -> int:
    """Search the architecture of a U-Net."""
    settings = {
        "data": data,
        "subjects": subjects,
        "slices": slices,
        "size": size,
        "field_mm": field,
        "subset": subset,
        "data_seed": data_seed,
        "max_filters": max_filters,
        "max_depth": max_depth,
        "max_params": max_params,
        "max_memory": max_memory,
        "kernels": kernels,
        "epochs": epochs,
        "batch_size": batch_size,
        "lr": lr,
        "flip": flip,
        "protocol": protocol,
        "attack": attack,
        "eps": eps,
        "ladder": ladder,
        "floor": floor,
        "device": device,
        "precision": precision,
    }
    usual = PAPER if protocol == "paper" else DEFAULT
    engine = {
        "trials": usual["trials"] if trials is None else trials,
        "scheduler": usual["scheduler"] if scheduler is None else scheduler,
        "sampler": sampler,
        "references": references,
        "metric": metric,
        "trade_off": trade_off,
        "race": race,
        "first": first,
        "warm_start": warm_start,
        "time_limit_s": time_limit,
        "compute_limit_s": compute_limit,
        "trial_limit_s": trial_limit,
        "concurrency": concurrency,
        "cpus_per_trial": cpus_per_trial,
        "gpus_per_trial": gpus_per_trial,
        "address": address,
        "in_process": in_process,
        "storage": storage,
    }
    if repeats is None:
        repeats = PAPER_REPEATS if protocol == "paper" else 1
    return launch_repeatedly("robmednas", settings, engine, seed, repeats, run)


def launch_repeatedly(
    study: str,
    settings: Mapping[str, object],
    engine: Mapping[str, object],
    seed: int,
    repeats: int,
    run: Path | None,
) -> int:
    """Search once, or several times with other seeds into folders ``RUN-1``, ``RUN-2``, ..."""
    status = 0
    for number in range(repeats):
        folder = run
        if run is not None and repeats > 1:
            folder = run.with_name(f"{run.name}-{number + 1}")
        own = {"seed": seed + number}
        status = max(status, launch(study, {**settings, **own}, {**engine, **own, "run": folder}))
        if status >= 128:  # interrupted
            break
    return status
