"""Whether a sampler holds where it was not tuned: many tasks, half of them for development.

    python benchmarks/samplers.py --table TABLE.csv.gz --half report --file searches.jsonl

Each search is added to the file; a suite that is stopped goes on from there, and one that is whole
is reported at once. A changed sampler needs another file, as does another version of Optuna.
The table is the robustness table of NAS-Bench-201 on CIFAR-10 (docs/simulate.md); without it its
tasks are left out. Several processes with files of their own may share the tasks (--only).
"""

import argparse
import warnings
from pathlib import Path

from rich.console import Console

from search.simulation.outcome import ENGINE
from search.simulation.suite.results import ResultFile
from search.simulation.suite.run import Suite, run
from search.simulation.suite.summary import (
    collect,
    pair_lines,
    place_lines,
    result_table,
    verdict_lines,
)
from search.simulation.suite.tasks import HALVES, list_tasks

METHODS = (
    "bayes",
    "tpe",
    "evolution",
    "random",
    "gp",
    "Optuna TPE",
    "Optuna GP",
    "Hyperopt TPE",
)
BASELINE = "engine tpe"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path)
    parser.add_argument("--half", choices=HALVES, default="development")
    parser.add_argument("--only", default="", help="part of the names of tasks")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--searches", type=int, default=30)
    parser.add_argument(
        "--slow-searches", type=int, default=5, help="of Gaussian processes of Optuna"
    )
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # of Optuna, about what is experimental
    names = [name.strip() for name in arguments.methods.split(",")]
    suite = Suite(
        tasks=[
            task
            for task in list_tasks(arguments.table)
            if task.half == arguments.half and arguments.only in task.name
        ],
        methods=tuple(name if name[0].isupper() else ENGINE + name for name in names),
        searches=arguments.searches,
        slow_searches=arguments.slow_searches,
        trials=arguments.trials,
        workers=arguments.workers,
    )
    file, console = ResultFile(arguments.file), Console()
    for result in run(suite, file):
        line = f"{result.task}: {result.method}, {result.seed}: regret {result.regret:.3f}"
        console.log(line, markup=False, highlight=False)
    rows = collect(suite, file)
    console.print(result_table(rows, suite.methods))
    lines = place_lines(rows, suite.methods) + pair_lines(rows, suite.methods)
    for baseline in dict.fromkeys((BASELINE, suite.methods[0])):
        if baseline in suite.methods:
            lines += verdict_lines(rows, suite.methods, baseline)
    for line in lines:
        console.print(line, markup=False, highlight=False)


if __name__ == "__main__":
    main()
