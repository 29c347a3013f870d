"""Tables and figures of a run, into files."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import FIGURES, figure, overview
from analysis.load import Run
from analysis.numbers import best_so_far, hyperparameters, robustness, standings
from analysis.style import styled
from analysis.tables import configs, leaderboard
from search.files import cannot_write

TABLES = {"leaderboard": leaderboard, "configs": configs}
NUMBERS = {
    "standings": standings,
    "robustness": robustness,
    "best_so_far": best_so_far,
    "hyperparameters": hyperparameters,
}


def export(run: Run, folder: Path) -> list[str]:
    """Write every table as CSV and every figure as PNG and SVG; returns the names of the files.

    Raises:
        UserError: If the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in {**TABLES, **NUMBERS}.items():
            written.append(_write_table(table(run), folder / f"{name}.csv"))
        for name in FIGURES:
            written += _write_figure(figure(run, name), folder / name)
        written += _write_figure(overview(run), folder / "overview")
    except OSError as error:
        raise cannot_write(folder, error) from error
    return written


def _write_table(table: pd.DataFrame, file: Path) -> str:
    table.to_csv(file, index=False, lineterminator="\n")
    return file.name


def _write_figure(drawn: Figure, stem: Path) -> list[str]:
    files = [stem.with_suffix(".png"), stem.with_suffix(".svg")]
    with styled():
        drawn.savefig(files[0])
        drawn.savefig(files[1], metadata={"Date": None})
    return [file.name for file in files]
