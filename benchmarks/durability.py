"""What it costs that a run is on the disk before it is said to be: trials that do nothing.

``python benchmarks/durability.py --trials 200 --folder .`` runs the same search with ``fsync`` and
without, in turn and in one process, and prints seconds a trial and how many calls a trial makes.
A trial that trains pays the same seconds, not the same ratio.
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import empty_study
from rich.console import Console

from search.plan import Plan
from search.run.runner import run
from search.study import StudyRow

ROW = StudyRow("empty", "nothing", empty_study.MODULE)
ROUNDS = 5


def seconds(trials: int, folder: Path) -> float:
    """Return the seconds of a search, preparation and end included."""
    plan = Plan(
        study="empty",
        trials=trials,
        sampler="random",
        seed_check=0,
        in_process=True,
        run=folder / "run",
    )
    began = time.perf_counter()
    run(plan, ROW, Console(width=80, file=io.StringIO()))
    return time.perf_counter() - began


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk in question")
    arguments = parser.parse_args()
    sync, calls = os.fsync, [0]

    def counted(descriptor: int) -> None:
        calls[0] += 1
        sync(descriptor)

    spent: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS):
        for name, function in (("with", counted), ("without", lambda descriptor: None)):
            os.fsync = function
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                spent[name].append(seconds(arguments.trials, Path(folder)) / arguments.trials)
    os.fsync = sync
    durable, fast = (statistics.median(spent[name]) for name in ("with", "without"))
    per_trial = calls[0] / ROUNDS / arguments.trials
    print(
        f"{arguments.trials} trials: {durable:.4f} s each, {durable / fast:.2f} of the {fast:.4f} "
        f"without fsync; {per_trial:.1f} calls and {1000 * (durable - fast):.1f} ms a trial"
    )


if __name__ == "__main__":
    main()
