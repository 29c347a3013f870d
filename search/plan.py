"""How a study is run: everything the engine, and not the study, decides."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from trainables.runtime.config import Frozen
from trainables.runtime.plugins import absolute


class Plan(Frozen):
    """The plan of a run.

    Attributes:
        study: A name in the table of studies.
        settings: What the user fixed of the study's settings; the study knows its defaults.
        trials: Sampled trials; references come on top.
        sampler: A name or path that `search.samplers.registry` resolves.
        scheduler: A name in `search.engine.schedulers.SCHEDULERS`.
        metric: What ranks; None for the study's default.
        trade_off: A second metric to search for as well; None for one objective.
        references: ``few`` keeps those that the study calls essential.
        concurrency: Trials at the same time; None for as many as there are cores for.
        cpus_per_trial: Cores, and threads, of a trial.
        gpus_per_trial: GPUs of a trial, may be a fraction; None to share those there are.
        seed: Of sampler and study.
        time_limit_s: Seconds for the trials; None for no limit.
        compute_limit_s: Seconds of training and attacking, over all trials; None for no limit.
        trial_limit_s: Seconds from one report of a trial to the next; None for no limit.
        race: Further seeds for the leaders that cannot be told apart.
        first: Points of the space that come before the sampler's.
        run: The run folder; None for a new one under ``runs``.
        storage: A folder, or the address of an object store, that holds runs; None for the run
            folder alone.
        address: Of a running Ray cluster; None for one on this machine.
        in_process: One trial after the other, without Ray.
    """

    study: str
    settings: dict[str, Any] = Field(default_factory=dict)
    trials: PositiveInt = 20
    sampler: Annotated[str, AfterValidator(absolute)] = "tpe"
    scheduler: str = "asha"
    references: Literal["all", "few"] = "all"
    metric: str | None = None
    trade_off: str | None = None
    concurrency: PositiveInt | None = None
    cpus_per_trial: PositiveInt = 1
    gpus_per_trial: NonNegativeFloat | None = None
    seed: int = Field(default=0, ge=0)
    time_limit_s: PositiveFloat | None = None
    compute_limit_s: PositiveFloat | None = None
    trial_limit_s: PositiveFloat | None = None
    race: int = Field(default=0, ge=0)
    first: tuple[dict[str, Any], ...] = ()
    run: Path | None = None
    storage: str | None = None
    address: str | None = None
    in_process: bool = False

    @property
    def workers(self) -> int:
        """How many trials run at the same time."""
        if self.in_process:
            return 1
        return self.concurrency or max(1, available_cores() // self.cpus_per_trial)


def startup_trials(trials: int, workers: int) -> int:
    """Return how many proposals are random: 20 or two a worker, at most a third of the trials.

    A model fitted to fewer points misleads; a search of 12 trials, though, would otherwise never
    use one.
    """
    return min(max(20, 2 * workers), trials // 3)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
