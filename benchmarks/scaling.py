"""How the engine scales: more workers in virtual time, and the driver's own load at many trials.

``python benchmarks/scaling.py workers`` searches the generated table with the engine of real runs,
once per seed and number of workers; only evaluations are simulated (docs/simulate.md), so that the
times do not depend on the machine. ``python benchmarks/scaling.py driver`` runs trials that do
nothing, one after the other and without Ray, and tells how long each of the last thousand took, by
the clock and on the processor: other work on the machine adds to the first only.
``python benchmarks/scaling.py raylets`` runs trials that sleep on several raylets of this machine,
one trial at a time on each.
"""

import argparse
import io
import math
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import numpy as np
from rich.console import Console
from rich.table import Table

from search.engine.coordinator import Coordinator
from search.engine.trial import Decision
from search.execution.ray import environment
from search.plan import Plan
from search.run.runner import run
from search.simulation.engine import Engine
from search.simulation.executor import Clock, Effort, Shift, execute
from search.simulation.tables.generate import generate
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory, Problem
from search.study import Study
from trainables.study.report import Report

TARGET, FLOOR, LADDER = "apgd_ce_eps1", 0.9, "pgd_eps1,apgd_ce_eps1"
GOOD = 0.01  # the target: a network among this share of the eligible
WINDOW = 1000


class Found(NamedTuple):
    """What one search took, in passes: all of it, and until the last rung saw a good network."""

    whole: float
    to_target: float
    utilisation: float


def search(problem: Problem, threshold: float, effort: Effort) -> Found:
    """Search once."""
    ladder, clock = parse_ladder(LADDER, None, parse_prices("")), Clock()
    engine = Engine(problem, ladder, "tpe", effort, clock)
    shift: Shift = execute(engine, Laboratory(problem, ladder, effort.seed), effort.workers, clock)
    target = problem.table.column(TARGET)
    good = (
        e.time
        for e in shift.evaluations
        if e.rung == 1 and problem.eligible[e.row] and target[e.row] >= threshold
    )
    return Found(shift.evaluations[-1].time, next(good, math.inf), shift.utilisation)


def workers(counts: list[int], seeds: int, trials: int, schedulers: list[str]) -> None:
    """Print a table for each scheduler; times are shares of those of one worker."""
    problem = Problem(generate(0), TARGET, FLOOR)
    eligible = problem.table.column(TARGET)[problem.eligible]
    threshold = float(np.quantile(eligible, 1 - GOOD))
    for scheduler in schedulers:
        table = Table(title=f"{trials} trials, {scheduler}, medians over {seeds} seeds")
        for head in ("workers", "speed-up", "speed-up to target", "busy", "target reached"):
            table.add_column(head, justify="right")
        alone = None
        for count in counts:
            found = [
                search(problem, threshold, Effort(trials, count, scheduler, seed))
                for seed in range(seeds)
            ]
            whole, to_target, busy = (
                float(np.median(column)) for column in zip(*found, strict=True)
            )
            alone = alone or (whole, to_target)
            reached = sum(math.isfinite(one.to_target) for one in found)
            table.add_row(
                str(count),
                f"{alone[0] / whole:.1f}",
                f"{alone[1] / to_target:.1f}" if math.isfinite(to_target) else "never",
                f"{busy:.0%}",
                f"{reached} of {seeds}",
            )
        Console(width=80).print(table)


def driver(trials: int, sampler: str) -> None:
    """Print what the engine takes for a trial, as the record grows."""
    ends: list[tuple[float, float]] = []  # of each trial: wall clock, processor
    complete = Coordinator.complete

    def timed(self: Coordinator, trial_id: str) -> None:
        complete(self, trial_id)
        ends.append((time.perf_counter(), time.process_time()))

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(Coordinator, "complete", timed),
    ):
        plan = Plan(
            study="empty", trials=trials, sampler=sampler, in_process=True, run=Path(folder, "run")
        )
        study = Study("empty", "nothing", "empty_study")
        run(plan, study, Console(width=80, file=io.StringIO()))
        size = sum(file.stat().st_size for file in Path(folder, "run").glob("*") if file.is_file())
    step = min(WINDOW, trials)
    for last in range(step, trials + 1, step):
        wall, processor = (
            1000 * (after - before) / (step - 1)
            for before, after in zip(ends[last - step], ends[last - 1], strict=True)
        )
        print(
            f"{sampler}: trials {last - step + 1} to {last}: {wall:.1f} ms each, "
            f"{processor:.1f} of them on the processor",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"{size / trials / 2**10:.1f} KiB of records a trial; at most {peak:.0f} MiB of memory")


def raylets(counts: list[int], trials: int, sleep_s: float, sampler: str) -> None:
    """Print what several raylets make of trials that sleep.

    Times are from the first report, before which processes start, to the last end. The driver's
    share is of one core, by its own process's clock.
    """
    table = Table(title=f"{trials} trials a raylet that sleep {sleep_s:g} s, {sampler}")
    for head in ("raylets", "busy", "seconds a trial", "driver, of a core", "ms of it a trial"):
        table.add_column(head, justify="right")
    for count in counts:
        whole, ended, driver_s = sleeping(count, count * trials, sleep_s, sampler)
        each = whole / ended
        table.add_row(
            str(count),
            f"{sleep_s / (each * count):.0%}",
            f"{each:.3f}",
            f"{driver_s / whole:.0%}",
            f"{1000 * driver_s / ended:.0f}",
        )
    Console(width=90).print(table)


def sleeping(count: int, trials: int, sleep_s: float, sampler: str) -> tuple[float, int, float]:
    """Run one search on so many raylets.

    Returns:
        Seconds between the time when each raylet had reported once and the last end, trials that
        ended in that time, and seconds of the driver's processor in it.
    """
    os.environ["PYTHONPATH"] = f"{HERE.parent}{os.pathsep}{HERE}"  # for the workers
    environment.prepare(local=True)
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - only where it is used

    cluster = Cluster()
    for _ in range(count):
        cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    marks: list[tuple[float, float]] = []  # of each report: wall clock, processor
    report = Coordinator.report

    def timed(self: Coordinator, trial_id: str, found: Report) -> Decision:
        marks.append((time.perf_counter(), time.process_time()))
        return report(self, trial_id, found)

    with tempfile.TemporaryDirectory() as folder, patch.object(Coordinator, "report", timed):
        plan = Plan(
            study="empty",
            settings={"step_s": sleep_s},
            trials=trials,
            sampler=sampler,
            scheduler="fifo",
            concurrency=count,
            address=cluster.address,
            run=Path(folder, "run"),
        )
        study = Study("empty", "nothing", "empty_study")
        try:
            run(plan, study, Console(width=80, file=io.StringIO()))
        finally:
            cluster.shutdown()
    began, ended = marks[2 * count - 1], marks[-count]  # neither start-up nor the last, idle round
    return ended[0] - began[0], len(marks) - 3 * count + 1, ended[1] - began[1]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["workers", "driver", "raylets"])
    parser.add_argument("--counts", type=int, nargs="+")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--schedulers", nargs="+", default=["asha", "fifo"])
    parser.add_argument("--trials", type=int)
    parser.add_argument("--sampler", default="random")
    parser.add_argument("--sleep", type=float, default=2.0, help="seconds of a raylet's trial")
    arguments = parser.parse_args()
    if arguments.what == "workers":
        counts = arguments.counts or [1, 2, 4, 8, 16, 32, 64]
        workers(counts, arguments.seeds, arguments.trials or 200, arguments.schedulers)
    elif arguments.what == "raylets":
        counts = arguments.counts or [1, 2, 4, 8]
        raylets(counts, arguments.trials or 30, arguments.sleep, arguments.sampler)
    else:
        driver(arguments.trials or 10_000, arguments.sampler)


if __name__ == "__main__":
    main()
