"""All that the analysis computes and shows of a run, apart from drawing it, which takes seconds."""

from pathlib import Path

from rich.console import Console

from analysis.cli import _folder
from analysis.export import NUMBERS, TABLES
from analysis.extras import exhibits
from analysis.figures.pictures import sheets
from analysis.load import load
from analysis.report.confirmation import confirmation
from analysis.report.page import subtitle, title
from analysis.report.sections.cost import cost
from analysis.report.sections.setup import setup
from analysis.trackers.entries import entries
from search.record.run_folder import RunFolder
from search.results.differences import leaders


def analyse(folder: Path, console: Console) -> None:
    """Read a run as ``python -m analysis`` does."""
    _folder(folder, None, several=False)
    run = load(folder)
    tables = [table(run) for table in (TABLES | NUMBERS).values()]
    rows = leaders(run.rows, run.objective, RunFolder(folder))
    pages = (confirmation(run), cost(run), setup(run), title(run), subtitle(run))
    for part in (*tables, rows, sheets(run), exhibits(run), list(entries(run)), *pages):
        console.print(str(part)[:200], markup=False)
