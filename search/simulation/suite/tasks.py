"""The tasks of the suite: what each searches, and which half it is in."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple, final

from search.simulation.landscapes.landscape import Landscape
from search.simulation.landscapes.spaces import CHOICES, MIXED, NUMBERS, networks
from search.simulation.landscapes.terrain import Shape
from search.simulation.tables.generate import generate
from search.simulation.tables.ladder import Ladder, parse_ladder, parse_prices
from search.simulation.tables.problem import Problem
from search.simulation.tables.table import CLEAN, read_table
from search.simulation.tables.table_problem import TableProblem

Half = Literal["development", "report"]
HALVES: tuple[Half, Half] = ("report", "development")
TABLE, GENERATED, LANDSCAPE = "table", "generated", "landscape"
PRICES = parse_prices("")
# Targets of the table of NAS-Bench-201, each with two floors; one on a corruption asks for accuracy
# under it.
TABLE_GOALS = {
    "apgd_ce_eps0.5": ((CLEAN, 0.92), ("contrast_s3", 0.45)),
    "apgd_ce_eps1": ((CLEAN, 0.90), ("jpeg_compression_s3", 0.61)),
    "apgd_ce_eps2": ((CLEAN, 0.91), ("contrast_s3", 0.40)),
    "fgsm_eps2": ((CLEAN, 0.0), ("gaussian_noise_s3", 0.30)),
    "pgd_eps2": ((CLEAN, 0.90), ("jpeg_compression_s3", 0.60)),
    "square_eps1": ((CLEAN, 0.93), ("gaussian_noise_s3", 0.40)),
}
# Targets and floors of clean accuracy of generated tables, by seed.
GENERATED_GOALS = {
    1: ("apgd_ce_eps1", 0.90),
    2: ("apgd_ce_eps1", 0.90),
    3: ("apgd_ce_eps2", 0.93),
    4: ("apgd_ce_eps2", 0.93),
    5: ("pgd_eps1", 0.95),
    6: ("pgd_eps1", 0.95),
}
ADDITIVE, PAIRS = Shape(single=1.0), Shape(single=0.6, pairs=1.0)
PEAKS, RUGGED = Shape(single=0.4, peaks=1.0), Shape(single=0.7, rugged=0.8)
SMOOTH = Shape(single=1.0, pairs=0.3)
GENTLE, STEEP = 0.6, 1.5  # of targets; a cliff's are far above the others where few meet the floor
# Name, space, shape, conflict of target and clean accuracy, share of networks that meet the floor,
# and share that meets the limit of size.
LANDSCAPES = (
    ("additive choices", CHOICES, ADDITIVE, 0.8, 0.10, 1.0),
    ("additive mixed", MIXED, ADDITIVE, 0.8, 0.50, 1.0),
    ("additive networks", networks(3), ADDITIVE, 0.7, 0.30, 0.6),
    ("cliff choices", CHOICES, PAIRS, 0.9, 0.20, 1.0),
    ("cliff mixed", MIXED, PAIRS, 0.9, 0.20, 1.0),
    ("pairs choices", CHOICES, PAIRS, 0.9, 0.10, 1.0),
    ("pairs mixed", MIXED, PAIRS, 0.95, 0.20, 1.0),
    ("pairs networks", networks(4), PAIRS, 0.5, 0.50, 0.3),
    ("pairs numbers", NUMBERS, PAIRS, 0.4, 0.05, 1.0),
    ("peaks mixed", MIXED, PEAKS, 0.8, 0.50, 1.0),
    ("peaks networks", networks(3), PEAKS, 0.7, 0.30, 0.6),
    ("peaks numbers", NUMBERS, PEAKS, 0.9, 0.30, 1.0),
    ("rugged choices", CHOICES, RUGGED, 0.8, 0.70, 1.0),
    ("rugged mixed", MIXED, RUGGED, 0.8, 0.10, 1.0),
    ("rugged networks", networks(4), RUGGED, 0.7, 0.30, 0.6),
    ("smooth networks", networks(4), SMOOTH, 0.9, 0.20, 0.6),
)


@final
@dataclass(frozen=True)
class Task:
    """One problem of the suite.

    Attributes:
        family: ``table``, ``generated`` or ``landscape``.
        name: Says what distinguishes it from the other tasks.
        half: Of the suite.
        make: Makes the problem; once.
    """

    family: str
    name: str
    half: Half
    make: Callable[[], Problem]

    @property
    def seed(self) -> int:
        """Seed of the first search; no two tasks share their draws."""
        return 1000 * (zlib.crc32(self.name.encode()) % 1_000_000)

    @property
    def ladder(self) -> Ladder:
        """What the engine measures: the target on 1000 images, then on all."""
        target = self.make().target
        return parse_ladder(f"{target},{target}", None, PRICES)


class Draft(NamedTuple):
    """A task before it is in a half; tasks of a group share one."""

    family: str
    group: str
    name: str
    make: Callable[[], Problem]


def list_tasks(table: Path | None) -> list[Task]:
    """List the tasks; those of the table only if there is one.

    Of each family the groups in alphabetical order take turns: the first is for the report, the
    second for development, and so on. A group is a target of the table, a seed, or a landscape.

    Args:
        table: The robustness table of NAS-Bench-201 on CIFAR-10.
    """
    drafts = [*_generated(), *_landscapes(), *(_of_table(table) if table is not None else ())]
    tasks = []
    for family, members in groupby(drafts, key=lambda draft: draft.family):
        listed = list(members)
        groups = sorted({draft.group for draft in listed})
        for draft in listed:
            half = HALVES[groups.index(draft.group) % 2]
            tasks.append(Task(family, draft.name, half, draft.make))
    return tasks


def _of_table(path: Path) -> Iterator[Draft]:
    table = cache(partial(read_table, path))
    for target, floors in TABLE_GOALS.items():
        for metric, floor in floors:
            name = f"{target}, {metric} {floor:.2f}" if floor else f"{target}, no floor"
            yield Draft(
                TABLE,
                target,
                name,
                cache(lambda t=target, f=floor, m=metric: TableProblem(table(), t, f, m)),
            )


def _generated() -> Iterator[Draft]:
    for seed, (target, floor) in GENERATED_GOALS.items():
        name = f"generated {seed}, {target}, clean {floor:.2f}"
        make = cache(lambda s=seed, t=target, f=floor: TableProblem(generate(s), t, f))
        yield Draft(GENERATED, str(seed), name, make)


def _landscapes() -> Iterator[Draft]:
    for seed, (name, space, shape, conflict, eligible, within) in enumerate(LANDSCAPES):
        make = partial(
            Landscape,
            name=name,
            varied=space,
            shape=shape,
            seed=seed,
            conflict=conflict,
            eligible=eligible,
            within=within,
            steepness=STEEP if name.startswith("cliff") else GENTLE,
        )
        yield Draft(LANDSCAPE, name, name, cache(make))
