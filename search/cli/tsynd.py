"""``python -m search tsynd``."""

from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.launch import launch
from search.cli.options import DATA, ROBUSTNESS, TRAINING


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
            help="The attack that ranks: pgd, fgsm, apgd-ce, apgd-margin, apgd-t, fab or square.",
            show_default="pgd",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    eps: Annotated[
        str | None,
        typer.Option(
            help="Radii in pixels of [0, 1], with commas; or auto, by the baseline.",
            show_default="0,1/255,2/255,4/255,8/255",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    ladder: Annotated[
        str | None,
        typer.Option(
            help="Rungs, cheap first, as EPOCHS:ATTACK[-STEPS][xRESTARTS][@IMAGES][!].",
            show_default="20:pgd-5@128,60:pgd-10,60:pgd-20x2!",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            help="Share by which clean balanced accuracy may fall below the baseline's.",
            show_default="0.15",
            rich_help_panel=ROBUSTNESS,
        ),
    ] = None,
    trials: options.Trials = 20,
    sampler: options.Sampler = "tpe",
    scheduler: options.Scheduler = "asha",
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
            help="In which images are made: fp32, bf16, or bf16 where there is hardware (auto).",
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
    """Search the hyperparameters of TSynD."""
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
        "ladder": ladder,
        "floor": floor,
        "max_memory": max_memory,
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
        "trade_off": trade_off,
        "seed": seed,
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
        "run": run,
    }
    return launch("tsynd", settings, engine)
