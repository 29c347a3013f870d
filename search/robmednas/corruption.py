"""Rising corruption of test: FGSM, PGD, Gaussian noise [robmednas, section 2.7, figure 7]."""

from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from search.robmednas.final import full_settings_of, read_final
from search.robmednas.testing import Condition, open_test, score, write_rows
from trainables.saved.checkpoint import load_unet

FILE = "corruption.csv"
RADII = tuple(round(0.02 * step, 3) for step in range(1, 11))
SIGMAS = tuple(round(0.025 * step, 3) for step in range(1, 11))
UNCHOSEN = "these are scores of the test subjects: choose nothing by them"


def corruption(folder: Path, console: Console) -> int:
    """Score every row's network under rising corruption; write ``corruption.csv``, print means.

    Raises:
        UserError: If the folder holds no finished comparison.
    """
    known = read_final(folder)
    if not (folder / FILE).is_file():
        split = open_test(full_settings_of(known), folder, console.print)
        conditions = [Condition("clean", 0.0)]
        conditions += [Condition(kind, radius) for kind in ("fgsm", "pgd") for radius in RADII]
        conditions += [Condition("noise", sigma) for sigma in SIGMAS]
        networks = {
            row: load_unet(folder / "models" / name)[0] for row, name in known["chosen"].items()
        }
        rows = score(networks, split, conditions, known["settings"]["seed"])
        write_rows(folder / FILE, rows)
    found = pd.read_csv(folder / FILE)
    for kind in ("fgsm", "pgd", "noise"):
        console.print(_table(found, kind))
    console.print(f"{UNCHOSEN}\neverything: {folder / FILE}", markup=False, highlight=False)
    return 0


def _table(found: pd.DataFrame, kind: str) -> Table:
    """Show the means over regions and subjects along the strengths."""
    own = found[found["kind"].isin([kind, "clean"])]
    table = Table(title=f"{kind}: MAE in HU / Dice, means over the four regions", box=None)
    strengths = sorted(own["strength"].unique())
    shown = [strengths[place] for place in np.linspace(0, len(strengths) - 1, 6).astype(int)]
    table.add_column("", no_wrap=True)
    for strength in shown:
        table.add_column(f"{strength:g}", justify="right", no_wrap=True)
    for row, group in own.groupby("row", sort=False):
        cells = []
        for strength in shown:
            at = group[group["strength"] == strength]
            mae = at.loc[at["score"].str.startswith("mae"), "value"].mean()
            dice = at.loc[at["score"].str.startswith("dice"), "value"].mean()
            cells.append(f"{mae:.0f}/{dice:.2f}")
        table.add_row(str(row), *cells)
    return table
