"""What a study adds to the analysis of its runs: found by its name, never imported by it.

A study ``NAME`` that adds something has a module ``analysis.studies.NAME.extras`` that holds an
`Extras` called ``EXTRAS``. Nothing else in the analysis names a study.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pandas as pd

import analysis.studies
from analysis.load import Run

if TYPE_CHECKING:  # numbers need no matplotlib
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A figure of what a run found, with its table, such as the winner's architecture.

    Attributes:
        name: Of its files.
        title: What it is, as a sentence.
        alt: What the figure shows, for those who cannot see it.
        caption: What the table holds.
        draw: Draw the figure.
        table: Its numbers, as they go into a CSV file.
        cells: The same as the page shows them: numbers stand to the right.
    """

    name: str
    title: str
    alt: str
    caption: str
    draw: Callable[[], "Figure"]
    table: pd.DataFrame
    cells: pd.DataFrame


def _unchanged(run: Run, settings: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG001 - as others have it
    return settings


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What a study adds; each part may be left out.

    Attributes:
        settings: Take a run and the hyperparameters of its trials, one column each; return the
            columns that figures and importance show. Text that is no axis becomes numbers here.
        exhibits: Each makes what is shown below the claim of a run; None where there is nothing.
        experiments: Of files that the study's experiments leave in a folder, by name: draw one.
    """

    settings: Callable[[Run, pd.DataFrame], pd.DataFrame] = _unchanged
    exhibits: tuple[Callable[[Run], Exhibit | None], ...] = ()
    experiments: Mapping[str, Callable[[Path], "Figure"]] = field(default_factory=dict)


@cache
def extras_of(study: str) -> Extras:
    """Return what a study adds; nothing where it has no such module."""
    package = f"{analysis.studies.__name__}.{study}"
    if not study.isidentifier() or find_spec(package) is None:
        return Extras()
    extras: Extras = import_module(f"{package}.extras").EXTRAS
    return extras


def all_extras() -> Iterator[Extras]:
    """Yield what each study adds, in the order of their names."""
    names = sorted(module.name for module in iter_modules(analysis.studies.__path__))
    yield from map(extras_of, names)


def exhibits(run: Run) -> list[Exhibit]:
    """List what the study of a run adds to its claim."""
    shows = (show(run) for show in extras_of(run.about.name).exhibits)
    return [exhibit for exhibit in shows if exhibit is not None]
