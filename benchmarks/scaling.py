"""How the engine scales: more workers in virtual time, and the driver's own load at many trials.

``python benchmarks/scaling.py workers`` searches the generated table with the engine of real runs,
once per seed and number of workers; only evaluations are simulated (docs/simulate.md), so that the
times do not depend on the machine. ``python benchmarks/scaling.py driver`` runs trials that do
nothing, one after the other and without Ray, and prints how long each of the last thousand took, by
the clock and on the processor: further work on the machine adds to the first only.
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

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import empty_study
import numpy as np
from rich.console import Console
from rich.table import Table

from search.engine.coordinator import Coordinator
from search.engine.trial import Decision
from search.execution.ray import environment
from search.plan import Plan
from search.run.runner import run
from search.simulation.engine import Engine
from search.simulation.executor import Effort, Shift, VirtualClock, execute
from search.simulation.tables.generate import generate
from search.simulation.tables.ladder import parse_ladder, parse_prices
from search.simulation.tables.problem import Laboratory
from search.simulation.tables.table_problem import TableProblem
from search.study import StudyRow
from trainables.study.report import Report

TARGET, FLOOR, LADDER = "apgd_ce_eps1", 0.9, "pgd_eps1,apgd_ce_eps1"
GOOD = 0.01  # the target: a network among this share of the eligible
WINDOW = 1000


class Duration(NamedTuple):
    """Passes of one search: in total, and until the last rung measured a good network."""

    total: float
    to_target: float
    utilisation: float


def search(problem: TableProblem, threshold: float, effort: Effort) -> Duration:
    """Search the table once.

    Args:
        problem: With the table.
        threshold: Least target of a good network.
        effort: How much the search may try.
    """
    ladder, clock = parse_ladder(LADDER, None, parse_prices("")), VirtualClock()
    engine = Engine(problem, ladder, "tpe", effort, clock)
    shift: Shift = execute(engine, Laboratory(problem, ladder, effort.seed), effort.workers, clock)
    target = problem.table.column(TARGET)
    good = (
        e.time
        for e in shift.evaluations
        if e.rung == 1 and problem.eligible[e.row] and target[e.row] >= threshold
    )
    return Duration(shift.evaluations[-1].time, next(good, math.inf), shift.utilisation)


def workers(counts: list[int], seeds: int, trials: int, schedulers: list[str]) -> None:
    """Print a table for each scheduler; times are in relation to those of the first count.

    Args:
        counts: Numbers of workers.
        seeds: Searches for each number of workers.
        trials: Of a search.
        schedulers: Names.
    """
    problem = TableProblem(generate(0), TARGET, FLOOR)
    eligible = problem.table.column(TARGET)[problem.eligible]
    threshold = float(np.quantile(eligible, 1 - GOOD))
    for scheduler in schedulers:
        table = Table(title=f"{trials} trials, {scheduler}, medians over {seeds} seeds")
        for head in ("workers", "speed-up", "speed-up to target", "busy", "target reached"):
            table.add_column(head, justify="right")
        base = None
        for count in counts:
            durations = [
                search(problem, threshold, Effort(trials, count, scheduler, seed))
                for seed in range(seeds)
            ]
            total, to_target, busy = (
                float(np.median(column)) for column in zip(*durations, strict=True)
            )
            base = base or (total, to_target)
            successes = sum(math.isfinite(duration.to_target) for duration in durations)
            table.add_row(
                str(count),
                f"{base[0] / total:.1f}",
                f"{base[1] / to_target:.1f}" if math.isfinite(to_target) else "never",
                f"{busy:.0%}",
                f"{successes} of {seeds}",
            )
        Console(width=80).print(table)


def driver(trials: int, sampler: str) -> None:
    """Print the seconds that the engine takes for a trial, as the record grows."""
    ends: list[tuple[float, float]] = []  # of each trial: wall clock, processor
    complete = Coordinator.complete

    def complete_timed(self: Coordinator, trial_id: str) -> None:
        complete(self, trial_id)
        ends.append((time.perf_counter(), time.process_time()))

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(Coordinator, "complete", complete_timed),
    ):
        plan = Plan(
            study="empty",
            trials=trials,
            sampler=sampler,
            seed_check=0,
            in_process=True,
            run=Path(folder, "run"),
        )
        study = StudyRow("empty", "nothing", empty_study.MODULE)
        run(plan, study, Console(width=80, file=io.StringIO()))
        size = sum(file.stat().st_size for file in Path(folder, "run").glob("*") if file.is_file())
    step = min(WINDOW, trials)
    for end in range(step, trials + 1, step):
        wall, processor = (
            1000 * (stop - start) / (step - 1)
            for start, stop in zip(ends[end - step], ends[end - 1], strict=True)
        )
        print(
            f"{sampler}: trials {end - step + 1} to {end}: {wall:.1f} ms each, "
            f"{processor:.1f} of them on the processor",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"{size / trials / 2**10:.1f} KiB of records a trial; at most {peak:.0f} MiB of memory")


def raylets(counts: list[int], trials: int, sleep_s: float, sampler: str) -> None:
    """Print how busy several raylets are with trials that sleep.

    Times are from the first report, before which processes start, to the last end. The driver's
    share is of one core, by its own process's clock.

    Args:
        counts: Numbers of raylets.
        trials: For each raylet.
        sleep_s: Seconds of a trial.
        sampler: Name.
    """
    table = Table(title=f"{trials} trials a raylet that sleep {sleep_s:g} s, {sampler}")
    for head in ("raylets", "busy", "seconds a trial", "driver, of a core", "ms of it a trial"):
        table.add_column(head, justify="right")
    for count in counts:
        total_s, ends, driver_s = sleep_on(count, count * trials, sleep_s, sampler)
        trial_s = total_s / ends
        table.add_row(
            str(count),
            f"{sleep_s / (trial_s * count):.0%}",
            f"{trial_s:.3f}",
            f"{driver_s / total_s:.0%}",
            f"{1000 * driver_s / ends:.0f}",
        )
    Console(width=90).print(table)


def sleep_on(count: int, trials: int, sleep_s: float, sampler: str) -> tuple[float, int, float]:
    """Run one search on several raylets.

    Args:
        count: Number of raylets.
        trials: Of the search.
        sleep_s: Seconds of a trial.
        sampler: Name.

    Returns:
        Seconds between the time when each raylet had reported once and the last end, the number of
        trials that ended in that time, and the seconds of the driver's processor in it.
    """
    os.environ["PYTHONPATH"] = f"{FOLDER.parent}{os.pathsep}{FOLDER}"  # for the workers
    environment.prepare(local=True)
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - only where it is used

    cluster = Cluster()
    for _ in range(count):
        cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    marks: list[tuple[float, float]] = []  # of each report: wall clock, processor
    report = Coordinator.report

    def report_timed(self: Coordinator, trial_id: str, metrics: Report) -> Decision:
        marks.append((time.perf_counter(), time.process_time()))
        return report(self, trial_id, metrics)

    with tempfile.TemporaryDirectory() as folder, patch.object(Coordinator, "report", report_timed):
        plan = Plan(
            study="empty",
            seed_check=0,
            settings={"step_s": sleep_s},
            trials=trials,
            sampler=sampler,
            scheduler="fifo",
            concurrency=count,
            address=cluster.address,
            run=Path(folder, "run"),
        )
        study = StudyRow("empty", "nothing", empty_study.MODULE)
        try:
            run(plan, study, Console(width=80, file=io.StringIO()))
        finally:
            cluster.shutdown()
    start, end = marks[2 * count - 1], marks[-count]  # neither start-up nor the last, idle round
    return end[0] - start[0], len(marks) - 3 * count + 1, end[1] - start[1]


def main() -> None:
    """Run one of the three measurements."""
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
