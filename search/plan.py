"""How a study is run: everything the engine, and not the study, decides."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from trainables.runtime.cgroups import cpu_limit
from trainables.runtime.config import Frozen
from trainables.runtime.plugins import absolute
from trainables.study.settings import MACHINE, OUTPUT, SEARCH, setting

SHIFT = 1000
"""Added to a run's seed for trainings that shall say what its choices are worth: the choices were
lucky with that seed and the few above it, which seed checks and races use."""

PluginName = Annotated[str, AfterValidator(absolute)]
"""A name that may be a path of the user's own code; that of a file becomes absolute."""


Digest = Annotated[str, Field(max_length=128)]


class Plan(Frozen):
    """The plan of a run; fields that are options say in their declarations what they mean.

    Attributes:
        study: A name in the table of studies, or a path to a study of the user's own.
        settings: What the user fixed of the study's settings; the study has the defaults.
        first: Points of the space that come before the sampler's.
        earlier_items: Digests of what trained, chose or ranked in the runs that these are from.
        earlier_openings: Digests of the openings of test in these runs, when this run was planned.
    """

    study: PluginName
    settings: dict[str, Any] = Field(default_factory=dict)
    first: tuple[dict[str, Any], ...] = ()
    earlier_items: tuple[Digest, ...] = ()
    earlier_openings: tuple[Digest, ...] = ()
    trials: PositiveInt = setting(
        20, "Sampled trials; the references come on top.", SEARCH, le=1_000_000
    )
    sampler: PluginName = setting(
        "tpe",
        "Who proposes configs: tpe (Optuna's), bayes (a Gaussian process), gp (Optuna's), hyperopt "
        "(its TPE), evolution, random; or your own, as module:Name or ./file.py:Name.",
        SEARCH,
        examples=["tpe", "bayes", "gp", "hyperopt", "evolution", "random"],
    )
    scheduler: str = setting(
        "asha",
        "Who stops trials early: asha (at each rung the best go on), fifo (nobody).",
        SEARCH,
        examples=["asha", "fifo"],
    )
    references: Literal["all", "few"] = setting(
        "all",
        "Trials that every run contains, to compare with: all, or few (the essential).",
        SEARCH,
    )
    metric: str | None = setting(
        None,
        "What ranks, such as ranking_pgd_acc_eps2; for a wrong name, close ones are listed.",
        SEARCH,
        default_text="the study's own",
    )
    trade_off: str | None = setting(
        None,
        "A second metric, such as ranking_clean_bacc: the run ends in a Pareto front.",
        SEARCH,
        default_text="none",
    )
    seed: int = setting(
        0, "Same seed, same run, as long as trials run one at a time.", SEARCH, ge=0
    )
    seed_check: int = setting(
        2,
        "Further seeds of the reference that sets the floor, of the best of each arm and of a "
        "reference that beats them: how much a value varies with the seed. Without them no trial "
        "is told apart from another.",
        SEARCH,
        ge=0,
    )
    race: int = setting(
        0,
        "Further seeds for the leaders, at most four, that cannot be told apart at the end.",
        SEARCH,
        ge=0,
    )
    time_limit_s: PositiveFloat | None = setting(
        None,
        "Seconds for the trials: then what has finished is ranked.",
        SEARCH,
        default_text="none",
        option="time-limit",
    )
    compute_limit_s: PositiveFloat | None = setting(
        None,
        "Seconds of training and attacking, over all trials; then as with --time-limit.",
        SEARCH,
        default_text="none",
        option="compute-limit",
    )
    trial_limit_s: PositiveFloat | None = setting(
        None,
        "Seconds from one report of a trial to the next, after which it counts as hung.",
        SEARCH,
        default_text="none",
        option="trial-limit",
    )
    concurrency: PositiveInt | None = setting(
        None, "Trials at the same time.", MACHINE, default_text="cores / cpus per trial"
    )
    cpus_per_trial: PositiveInt = setting(1, "Cores, and threads, of a trial.", MACHINE)
    gpus_per_trial: NonNegativeFloat | None = setting(
        None, "GPUs of a trial, may be a fraction.", MACHINE, default_text="those there are, shared"
    )
    address: str | None = setting(
        None,
        "Of a running Ray cluster, or auto.",
        MACHINE,
        default_text="a cluster of this machine alone",
    )
    in_process: bool = setting(
        False,  # noqa: FBT003 - the default of a field
        "Without Ray, one trial after the other: to debug a trial.",
        MACHINE,
        option="in-process/on-ray",
    )
    run: Path | None = setting(
        None,
        "Folder for all that the run writes; new or empty.",
        OUTPUT,
        default_text="runs/STUDY-DATASET-TIME",
    )
    storage: str | None = setting(
        None,
        "Where runs are kept for all nodes: a folder that they share, s3://BUCKET/PREFIX or "
        "gs://BUCKET/PREFIX.",
        OUTPUT,
        default_text="the run folder alone",
    )

    @property
    def workers(self) -> int:
        """How many trials run at the same time."""
        if self.in_process:
            return 1
        return self.concurrency or max(1, available_cores() // self.cpus_per_trial)


class Start(Frozen):
    """What a command line says beside the plan: it becomes one plan for each repeat.

    Attributes:
        earlier_items: As of `Plan`; a run file repeats them together with its first points.
        earlier_openings: As of `Plan`, in the same way.
    """

    earlier_items: tuple[Digest, ...] = ()
    earlier_openings: tuple[Digest, ...] = ()

    repeats: PositiveInt = setting(
        1, "Searches one after the other, with seeds that count up, in RUN-1, RUN-2...", SEARCH
    )
    first: Path | tuple[dict[str, Any], ...] | None = setting(
        None,
        "Your own configs, tried first: a JSON list of objects, each a point of the space.",
        SEARCH,
        default_text="none",
    )
    warm_start: tuple[Path, ...] = setting(
        (),
        "An earlier run of the same space, maybe on other data: its best five are tried first. "
        "Subjects that it used cannot be test, and openings of its test count. May be given again.",
        SEARCH,
        default_text="none",
    )


def startup_trials(trials: int, workers: int) -> int:
    """Return how many proposals are random: 20 or two a worker, at most a third of the trials.

    A model fitted to fewer points misleads; a search of 12 trials, though, would otherwise never
    use one.
    """
    return min(max(20, 2 * workers), trials // 3)


def available_cores() -> int:
    """Return how many cores this process may use; a part of one counts as one."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    limit = cpu_limit()
    return cores if limit is None else max(1, min(cores, int(limit)))
