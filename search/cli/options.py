"""The engine's command-line options, declared once; a study's command adds its own."""

from pathlib import Path
from typing import Annotated

import typer

DATA, TRAINING, ROBUSTNESS = "Data", "Training", "Robustness"
SEARCH, MACHINE, OUTPUT = "Search", "Machine", "Output"

Trials = Annotated[
    int,
    typer.Option(help="Sampled trials; the references come on top.", rich_help_panel=SEARCH),
]
Sampler = Annotated[
    str,
    typer.Option(
        help="Who proposes configs: tpe (Optuna's), bayes (a Gaussian process), hyperopt (its "
        "TPE), evolution, random.",
        rich_help_panel=SEARCH,
    ),
]
Scheduler = Annotated[
    str,
    typer.Option(
        help="Who stops trials early: asha (at each rung the best third goes on), fifo (nobody).",
        rich_help_panel=SEARCH,
    ),
]
References = Annotated[
    str,
    typer.Option(
        help="Trials that every run contains, to compare with: all, or few (the essential).",
        rich_help_panel=SEARCH,
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="What ranks, such as ranking_pgd_acc_eps2; a wrong name is told what is near.",
        show_default="the study's own",
        rich_help_panel=SEARCH,
    ),
]
TradeOff = Annotated[
    str | None,
    typer.Option(
        help="A second metric, such as ranking_clean_bacc: the run ends in a Pareto front.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Same seed, same run, as long as trials run one at a time.", rich_help_panel=SEARCH
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        help="Seconds for the trials: then what has finished is ranked.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]
ComputeLimit = Annotated[
    float | None,
    typer.Option(
        help="Seconds of training and attacking, over all trials; then as with --time-limit.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]
TrialLimit = Annotated[
    float | None,
    typer.Option(
        help="Seconds from one report of a trial to the next, after which it counts as hung.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]
First = Annotated[
    Path | None,
    typer.Option(
        help="Your own configs, tried first: a JSON list of objects, each a point of the space.",
        show_default="none",
        exists=True,
        dir_okay=False,
        rich_help_panel=SEARCH,
    ),
]
Race = Annotated[
    int,
    typer.Option(
        help="Further seeds for the leaders, at most four, that cannot be told apart at the end.",
        rich_help_panel=SEARCH,
    ),
]
WarmStart = Annotated[
    list[Path] | None,
    typer.Option(
        help="An earlier run of the same space, maybe on other data: its best five are tried "
        "first. May be given again.",
        show_default="none",
        rich_help_panel=SEARCH,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(help="auto, cpu, cuda or cuda:1.", show_default="auto", rich_help_panel=MACHINE),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        help="Trials at the same time.",
        show_default="cores / cpus per trial",
        rich_help_panel=MACHINE,
    ),
]
CpusPerTrial = Annotated[int, typer.Option(help="Cores of a trial.", rich_help_panel=MACHINE)]
GpusPerTrial = Annotated[
    float | None,
    typer.Option(
        help="GPUs of a trial, may be a fraction.",
        show_default="those there are, shared",
        rich_help_panel=MACHINE,
    ),
]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        help="Most GiB of a training step, as predicted: larger networks are refused. Also auto "
        "(what a trial's device has) or none.",
        show_default="auto",
        rich_help_panel=MACHINE,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Of a running Ray cluster, or auto.",
        show_default="a cluster of this machine alone",
        rich_help_panel=MACHINE,
    ),
]
InProcess = Annotated[
    bool,
    typer.Option(
        "--in-process",
        help="Without Ray, one trial after the other: to debug a trial.",
        rich_help_panel=MACHINE,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="Where runs are kept for all nodes: a folder that they share, s3://BUCKET/PREFIX or "
        "gs://BUCKET/PREFIX.",
        show_default="the run folder alone",
        rich_help_panel=OUTPUT,
    ),
]
Run = Annotated[
    Path | None,
    typer.Option(
        help="Folder for all that the run writes; new or empty.",
        show_default="runs/STUDY-DATASET-TIME",
        rich_help_panel=OUTPUT,
    ),
]
