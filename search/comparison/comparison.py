"""Methods of a study trained and scored over datasets, fractions and seeds.

What was trained and scored is not done again: the same comparison goes on where it was stopped, and
more datasets, fractions or seeds may be added.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from rich.console import Console

from search.comparison.cells import Cell, Methods, run_cell, trained_methods
from search.comparison.looks import count_looks, earlier
from search.comparison.rows import Row, by_setting, write_csv
from search.comparison.scoring import require_folder
from search.exit_status import FINISHED, INTERRUPTED
from search.plan import SHIFT, Plan
from search.storage.openings import Opening, count_elsewhere, identity_of
from search.studies import STUDIES
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.data.medmnist import table as medmnist_table
from trainables.door.opening import names_in
from trainables.door.paths import inside
from trainables.runtime.files import begin_folder, write_atomically
from trainables.study.study import Reference, Say

ALL = "all"
Layout = Callable[[Sequence[Row], int], str]
"""Makes the Markdown text of all trainings; its verdicts pay for so many looks, see `looks`."""
Choose = Callable[[Sequence[Row]], Sequence[str]]
"""Names methods by the trainings of a dataset and fraction."""

CELLS = "cells"  # folder of the runs of a comparison


@dataclass(frozen=True)
class Origin:
    """A run that chose methods of a comparison, which meet test in its place.

    Attributes:
        run: Its folder.
        seed: Its own.
        names: Of what it chose.
        items: Of what trained, chose or ranked there, see `search.plan.Plan.earlier_items`.
    """

    run: Path
    seed: int
    names: str
    items: tuple[str, ...] = ()

    @property
    def fresh_seed(self) -> int:
        """From here on no seed chose them: the first that `confirm` trains the run's best with."""
        return self.seed + SHIFT


@dataclass(frozen=True)
class Grid:
    """The cells of a comparison.

    Attributes:
        datasets: Names.
        fractions: Shares of the training images.
        seeds: How many.
        first: The first of them. Methods that a run chose are compared on seeds that it never used:
            it chose them for their luck with its own, and with the images that these drew.
    """

    datasets: tuple[str, ...]
    fractions: tuple[float, ...]
    seeds: int
    first: int = 0

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells, a dataset after the other."""
        for dataset in self.datasets:
            for fraction in self.fractions:
                for seed in range(self.first, self.first + self.seeds):
                    yield Cell(dataset, fraction, seed)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is compared, and how.

    Attributes:
        study: A name of `STUDIES`, a study of classifiers.
        grid: Of cells.
        methods: Lists the methods of a cell by its settings.
        layout: Makes the text.
        stem: Of the names of the files, ``STEM.csv`` and ``STEM.md``.
        out: Folder for all that is written.
        settings: Of the study, the same for all cells.
        machine: Fields of the plan of each cell: where it computes.
        images: The greatest number of test images; None for all.
        origin: The run that chose some of the methods; None where none did.
        choose: Names, by the trainings of a dataset and fraction, the methods that are then trained
            on as many further seeds: those trainings chose nothing. None where nothing is chosen.
    """

    study: str
    grid: Grid
    methods: Methods
    layout: Layout
    stem: str
    out: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    images: int | None = None
    origin: Origin | None = None
    choose: Choose | None = None

    @property
    def fresh_grid(self) -> Iterable[Cell]:
        """The cells of what is chosen by those of the grid; their seeds are others."""
        return () if self.choose is None else replace(self.grid, first=self.grid.first + SHIFT)

    def methods_of(self, cell: Cell, rows: Sequence[Row]) -> Methods:
        """Return what lists the methods of a cell; of a fresh one, those that rows choose.

        Args:
            cell: Which.
            rows: Of all cells of the grid, where the cell is fresh.
        """
        if self.choose is None or cell in set(self.grid):
            return self.methods
        trainings = by_setting(row for row in rows if not row.fresh)
        chosen = self.choose(trainings[cell.dataset, cell.fraction])
        # What an earlier choice, by fewer seeds, has trained comes first, as the record has it.
        labels = dict.fromkeys([*trained_methods(self.plan_of(cell)), *chosen])

        def methods(settings: Any) -> list[Reference]:  # noqa: ANN401 - of each study its own
            references = {reference.label: reference for reference in self.methods(settings)}
            return [references[label] for label in labels if label in references]

        return methods

    def plan_of(self, cell: Cell) -> Plan:
        """Return the plan of a cell's run."""
        named = {"dataset": cell.dataset, "fraction": cell.fraction, "seed": cell.seed}
        settings = dict(self.settings) | named
        return Plan(
            study=self.study,
            settings={name: _plain(value) for name, value in settings.items()},
            run=self.out / CELLS / cell.name,
            seed=cell.seed,
            earlier_items=() if self.origin is None else self.origin.items,
            scheduler="fifo",
            seed_check=0,
            **self.machine,
        )


def compare(comparison: Comparison, console: Console) -> int:
    """Train, score, write what was measured after each cell, and at the end the tables.

    Verdicts wait for the last cell: read before, they would be a look of their own.

    Args:
        comparison: What is compared, and how.
        console: Where the user reads.

    Returns:
        The exit status.

    Raises:
        UserError: If a dataset is unknown or cannot be had, a setting is wrong, or a method failed.
    """
    study, out = STUDIES[comparison.study].load(), comparison.out
    cells, rows = [*comparison.grid, *comparison.fresh_grid], list[Row]()
    headlines = [  # what is wrong is said before anything is trained
        study.parse_settings(comparison.plan_of(cell).settings).headline for cell in cells
    ]
    begin_folder(out, CELLS)
    _check_seeds(out, comparison)

    @cache  # once, whatever the number of cells
    def before_test() -> None:
        _count_openings(comparison, 1, partial(_say, console))

    for number, (cell, headline) in enumerate(zip(cells, headlines, strict=True), start=1):
        _say(console, f"cell {number} of {len(cells)}: {cell.name}")
        try:
            rows += _rows(comparison, cell, headline, rows, before_test, console)
        except KeyboardInterrupt:
            _say(console, f"stopped: give the same command again, and {out} goes on")
            return INTERRUPTED
        write_csv(out / f"{comparison.stem}.csv", rows)
    text = _text(comparison, rows)
    write_atomically(out / f"{comparison.stem}.md", text)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    _say(console, f"everything: {out}")
    return FINISHED


def dataset_names(
    text: str, eligible: Callable[[str], bool], own: Sequence[str]
) -> tuple[str, ...]:
    """Read names of datasets with commas between; ``all`` stands for MedMNIST's eligible sets.

    Args:
        text: Of the command line.
        eligible: Tells whether a set of MedMNIST may be compared.
        own: Names that are not MedMNIST's, such as that of the phantom.

    Raises:
        UserError: If a name is unknown, whose close matches are listed, or a set is not eligible.
    """
    sets = medmnist_table()
    entries = [name for name in sets if eligible(name)]
    if text.strip() == ALL:
        return tuple(entries)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name in sets and name not in entries:
            fitting = ", ".join([*entries, *own])
            raise UserError(f"--datasets: {name} is not for this table: choose among {fitting}")
        lookup(dict.fromkeys([*entries, *own]), name, "dataset")
    if not names or len(set(names)) < len(names):
        raise UserError(f"--datasets {text}: give different names with commas, or all")
    return names


def fractions(text: str) -> tuple[float, ...]:
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


def _text(comparison: Comparison, rows: Sequence[Row]) -> str:
    """Lay out all trainings, and count that their verdicts are read.

    Each look at the table is an opening of the test split of the run that chose its methods, and
    pays for the openings by other work. That was said before test was opened.
    """
    grid = comparison.grid
    looks = count_looks(comparison.out, by_setting(rows), grid.seeds, comparison.images)
    paid = _count_openings(comparison, looks, lambda _: None)
    lines = earlier(looks, paid - looks)
    return comparison.layout(rows, paid) + "".join(f"\n{line}\n" for line in lines)


def _count_openings(comparison: Comparison, looks: int, say: Say) -> int:
    """Count looks in the run that chose methods, if any did, and return how many are paid for.

    Args:
        comparison: That opens the run's test split.
        looks: How often its verdicts were read.
        say: Told how often test was opened.
    """
    origin, out = comparison.origin, comparison.out
    if origin is None:
        return looks
    identity = f"table {identity_of(out)}"
    opening = Opening(identity=identity, folder=out, winner=origin.names, looks=looks)
    return count_elsewhere(origin.run, opening, say)


def _rows(
    comparison: Comparison,
    cell: Cell,
    headline: str,
    rows: Sequence[Row],
    before_test: Callable[[], None],
    console: Console,
) -> list[Row]:
    plan = comparison.plan_of(cell)
    methods = comparison.methods_of(cell, rows)
    results = run_cell(cell, plan, methods, comparison.images, console, before_test)
    return [
        Row(
            dataset=cell.dataset,
            fraction=cell.fraction,
            seed=cell.seed,
            method=method,
            headline=headline,
            scores=result.scores,
            alarms=result.alarms,
            fresh=cell.seed >= comparison.grid.first + SHIFT,
            samples=result.samples,
        )
        for method, result in results.items()
    ]


def _check_seeds(out: Path, comparison: Comparison) -> None:
    """Refuse a folder whose cells have other seeds, as a table with or without a run's choices has.

    Seeds may be added, so others of the same range are none.
    """
    folder, first = inside(out, CELLS), comparison.grid.first
    require_folder(folder)
    if not folder.is_dir():
        return
    stages = 1 if comparison.choose is None else 2
    for name in names_in(folder):
        seed = name.rpartition("-")[2]
        if seed.isdecimal() and not 0 <= int(seed) - first < stages * SHIFT:
            raise UserError(
                f"{out} holds {name}, and the seeds of this table count from {first}: name a "
                "new --out"
            )


def _plain(value: object) -> object:
    """Return a value as the manifest will hold it, so that the two can be compared."""
    return str(value) if isinstance(value, Path) else value


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
