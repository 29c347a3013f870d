"""TSynD's tables 1 and 2 over datasets, fractions and seeds [tsynd].

What was trained and measured is not done again: the same command goes on where it was stopped, and
more datasets, fractions or seeds may be added.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from search.exit_status import FINISHED, INTERRUPTED
from search.plan import Plan
from search.tsynd.cells import RANKING_IMAGES, Cell, run_cell
from search.tsynd.methods import read_tuned, tsynd
from search.tsynd.tables import Row, markdown, write_csv
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.classification.about import headline
from trainables.data.medmnist import table as medmnist_table
from trainables.runtime.files import write_atomically
from trainables.study.study import Reference

CSV, TABLES = "table1.csv", "table1.md"
EPS = "0,1/255,2/255,4/255,8/255"  # as in --preset paper: the same for all cells
PHANTOM, ALL = "phantom", "all"


@dataclass(frozen=True)
class TablePlan:
    """How the tables are made.

    Attributes:
        datasets: Names; ``all`` for every 2-D set of MedMNIST.
        fractions: Shares of the training images.
        seeds: How many, from 0.
        out: Folder for all that is written.
        settings: What the user fixed of the study's settings: classifier, epochs, device.
        machine: Fields of the plan of each cell: where it computes.
        tuned: A finished TSynD run, whose best configs are methods as well; None for none.
        images: The greatest number of test images; None for all.
    """

    datasets: tuple[str, ...]
    fractions: tuple[float, ...]
    seeds: int
    out: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    tuned: Path | None = None
    images: int | None = None

    def cells(self) -> Iterator[Cell]:
        """Yield the cells, a dataset after the other."""
        for dataset in self.datasets:
            for fraction in self.fractions:
                for seed in range(self.seeds):
                    yield Cell(dataset, fraction, seed)

    def plan_of(self, cell: Cell) -> Plan:
        """Return the plan of a cell's run."""
        fixed = {"dataset": cell.dataset, "fraction": cell.fraction, "seed": cell.seed}
        settings = {"eps": EPS, "ranking_images": RANKING_IMAGES} | dict(self.settings) | fixed
        return Plan(
            study="tsynd",
            settings={name: _plain(value) for name, value in settings.items()},
            run=self.out / "cells" / cell.name,
            seed=cell.seed,
            scheduler="fifo",
            seed_check=0,
            **self.machine,
        )


def table1(plan: TablePlan, console: Console) -> int:
    """Train, measure, and write the tables after each cell; return the exit status.

    Args:
        plan: What is compared, and how.
        console: Where the user reads.

    Raises:
        UserError: If a dataset is unknown or cannot be had, a setting is wrong, or a method failed.
    """
    tuned = () if plan.tuned is None else read_tuned(plan.tuned)
    cells, rows = list(plan.cells()), list[Row]()
    for cell in cells:  # what is wrong is said before anything is trained
        tsynd.parse_settings(plan.plan_of(cell).settings)
    for number, cell in enumerate(cells, start=1):
        _say(console, f"cell {number} of {len(cells)}: {cell.name}")
        try:
            rows += _rows(cell, plan, tuned, console)
        except KeyboardInterrupt:
            _say(console, f"stopped: give the same command again, and {plan.out} goes on")
            return INTERRUPTED
        write_csv(plan.out / CSV, rows)
        write_atomically(plan.out / TABLES, markdown(rows))
    console.print(markdown(rows), markup=False, highlight=False, soft_wrap=True)
    _say(console, f"everything: {plan.out}")
    return FINISHED


def make_plan(
    grid: tuple[str, str, int],
    out: Path,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    *,
    tuned: Path | None = None,
    images: int | None = None,
) -> TablePlan:
    """Make a plan of what a command line says.

    Args:
        grid: Datasets and fractions, with commas, and the number of seeds.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        tuned: A finished TSynD run.
        images: The greatest number of test images.

    Raises:
        UserError: If a dataset is unknown, or a fraction is none.
    """
    datasets, fractions, seeds = grid
    return TablePlan(
        datasets=dataset_names(datasets),
        fractions=numbers(fractions),
        seeds=seeds,
        out=out,
        settings={name: value for name, value in settings.items() if value is not None},
        machine={name: value for name, value in machine.items() if value is not None},
        tuned=tuned,
        images=images,
    )


def dataset_names(text: str) -> tuple[str, ...]:
    """Read names of datasets with commas between; ``all`` stands for MedMNIST's 2-D sets.

    Raises:
        UserError: If a name is unknown; close matches are listed.
    """
    entries = {name: entry for name, entry in medmnist_table().items() if not _is_volume(name)}
    if text.strip() == ALL:
        return tuple(entries)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        lookup({**entries, PHANTOM: None}, name, "dataset")
    if not names or len(set(names)) < len(names):
        raise UserError(f"--datasets {text}: give different names with commas, or all")
    return names


def numbers(text: str) -> tuple[float, ...]:
    """Read fractions with commas between.

    Raises:
        UserError: If one is no number above 0 and at most 1, or occurs twice.
    """
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--fractions {text}: give numbers with commas, such as 0.01,0.1") from None
    if not all(0 < value <= 1 for value in values) or len(set(values)) < len(values):
        raise UserError(f"--fractions {text}: give different shares, above 0 and at most 1")
    return values


def _rows(cell: Cell, plan: TablePlan, tuned: Sequence[Reference], console: Console) -> list[Row]:
    run_plan = plan.plan_of(cell)
    task = tsynd.parse_settings(run_plan.settings).task
    scores = run_cell(cell, run_plan, tuned, plan.images, console)
    return [
        Row(
            dataset=cell.dataset,
            fraction=cell.fraction,
            seed=cell.seed,
            method=method,
            headline=headline(task),
            scores=metrics,
        )
        for method, metrics in scores.items()
    ]


def _is_volume(name: str) -> bool:
    return name.endswith("3d")


def _plain(value: object) -> object:
    """Return a value as the manifest will hold it, so that the two can be compared."""
    return str(value) if isinstance(value, Path) else value


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
