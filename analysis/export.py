"""Tables and figures of a run, into files."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.extras import all_extras, exhibits
from analysis.figures.catalogue import FIGURES, WIDE, figure, overview
from analysis.figures.compare import figures_of
from analysis.figures.pictures import draw_sheet, sheets
from analysis.figures.style import styled
from analysis.load import Run
from analysis.numbers.alarms import alarms
from analysis.numbers.compare import differences, duels, progress, winners
from analysis.numbers.cost import activities, states, timeline
from analysis.numbers.frames import best_so_far, hyperparameters, robustness, standings, trade_off
from analysis.numbers.importance import importance
from analysis.numbers.ladder import attack_agreement, rung_agreement, survival
from analysis.numbers.tables import configs, leaderboard
from analysis.report.compare import comparison
from analysis.report.page import report
from trainables.door.opening import replacement
from trainables.door.text import to_cell
from trainables.runtime.files import cannot_write, write_atomically

TABLES = {"leaderboard": leaderboard, "configs": configs}
NUMBERS = {
    "standings": standings,
    "robustness": robustness,
    "best_so_far": best_so_far,
    "trade_off": trade_off,
    "hyperparameters": hyperparameters,
    "importance": importance,
    "survival": survival,
    "rung_agreement": rung_agreement,
    "attack_agreement": attack_agreement,
    "alarms": alarms,
    "timeline": timeline,
    "activities": activities,
    "states": states,
}
REPORT, COMPARISON = "report.html", "compare.html"


def export(run: Run, folder: Path) -> list[str]:
    """Write the page of a run, every table as CSV and every figure as PNG and SVG.

    Returns:
        The names of the files, the page first.

    Raises:
        UserError: If the folder cannot be written to.
    """
    files: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in {**TABLES, **NUMBERS}.items():
            files.append(_write_table(table(run), folder / f"{name}.csv"))
        for name in FIGURES:
            files += _write_figure(figure(run, name), folder / name)
        files += _write_figure(overview(run), folder / "overview")
        for exhibit in exhibits(run):
            files.append(_write_table(exhibit.table, folder / f"{exhibit.name}.csv"))
            files += _write_figure(exhibit.draw(), folder / exhibit.name)
        for sheet in sheets(run):
            files += _write_figure(draw_sheet(sheet), folder / sheet.name)
        write_atomically(folder / REPORT, report(run, files))
    except OSError as error:
        raise cannot_write(folder, error) from error
    return [REPORT, *files]


def has_experiments(folder: Path) -> bool:
    """Tell whether a folder holds files of what follows a search."""
    return bool(_experiments(folder))


def export_experiments(folder: Path, out: Path) -> list[str]:
    """Write the figures of what follows a search, of the files that are there.

    Raises:
        UserError: If a file is damaged or the folder cannot be written to.
    """
    files: list[str] = []
    try:
        for name, draw in _experiments(folder).items():
            out.mkdir(parents=True, exist_ok=True)
            files += _write_figure(draw(folder / name), out / Path(name).stem)
    except OSError as error:
        raise cannot_write(out, error) from error
    return files


def export_comparison(runs: Sequence[Run], folders: Sequence[Path], out: Path) -> list[str]:
    """Write the page of several runs side by side, with its tables and figures.

    Args:
        runs: The runs.
        folders: Where the page of each was written.
        out: Where to write.

    Raises:
        UserError: If the folder cannot be written to.
    """
    tables = {
        "winners": winners,
        "duels": duels,
        "progress": progress,
        "differences": differences,
    }
    pages = [os.path.relpath(folder / REPORT, out) for folder in folders]
    files: list[str] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(out / COMPARISON, comparison(runs, pages))
        for name, table in tables.items():
            files.append(_write_table(table(runs), out / f"compare_{name}.csv"))
        for metric in dict.fromkeys(run.objective.metric for run in runs):
            for name, canvas in figures_of(runs, metric, WIDE).items():
                files += _write_figure(canvas, out / name)
    except OSError as error:
        raise cannot_write(out, error) from error
    return [COMPARISON, *files]


def _experiments(folder: Path) -> dict[str, Callable[[Path], Figure]]:
    """Return the files of what follows a search that are there, by name, and what draws each."""
    experiments = [pair for extras in all_extras() for pair in extras.experiments.items()]
    return {name: draw for name, draw in experiments if (folder / name).is_file()}


def _write_table(table: pd.DataFrame, file: Path) -> str:
    with replacement(file) as part:
        quoted = table.rename(columns=to_cell).map(to_cell)
        quoted.to_csv(part, index=False, lineterminator="\n", mode="w")
    return file.name


def _write_figure(canvas: Figure, stem: Path) -> list[str]:
    files = [stem.with_suffix(".png"), stem.with_suffix(".svg")]
    with styled():
        with replacement(files[0]) as part:
            canvas.savefig(part, format="png")
        canvas.set_layout_engine("none")  # all has its place
        with replacement(files[1]) as part:
            canvas.savefig(part, format="svg", metadata={"Date": None})
    return [file.name for file in files]
