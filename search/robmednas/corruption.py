"""Rising corruption of test: attacks, noise [robmednas, figure 7], and what scanners do."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.robmednas.final import full_settings_of, pixels_line, read_final
from search.robmednas.rows import damaged_rows, read_rows, write_rows
from search.robmednas.testing import Condition, networks_of, open_test, score
from trainables.synthesis.robustness.disturbances import STRENGTHS

FILE = "corruption.csv"
CSV_COLUMNS = ("row", "kind", "strength", "subject", "score", "value")
RADII = tuple(round(0.02 * step, 3) for step in range(1, 11))
SIGMAS = tuple(round(0.025 * step, 3) for step in range(1, 11))
COLUMNS = 6  # strengths in the printed table
SIDE_BY_SIDE = 6  # networks in a table of disturbances
DISTURBED = "head MAE in HU under disturbances without an adversary"
UNCHOSEN = "these are scores of the test subjects: choose nothing by them"


def corruption(folder: Path, console: Console, data: Path | None = None) -> int:
    """Score every row's network under rising corruption; write ``corruption.csv``, print means.

    Args:
        folder: Of a finished comparison; scores that are there already are only printed.
        console: Where the user reads.
        data: Folder of the subjects, for a comparison that was not made here by this user.

    Raises:
        UserError: If the folder holds no finished comparison, or it names a folder that the user
            did not.
    """
    say = partial(console.print, markup=False, highlight=False)
    comparison = read_final(folder)
    if not (folder / FILE).is_file():
        split = open_test(full_settings_of(comparison, folder, data), folder, say)
        conditions = [Condition("clean", 0.0)]
        conditions += [Condition(kind, radius) for kind in ("fgsm", "pgd") for radius in RADII]
        conditions += [Condition("noise", sigma) for sigma in SIGMAS]
        conditions += [
            Condition(kind, strength)
            for kind, strengths in STRENGTHS.items()
            for strength in strengths
        ]
        networks = networks_of(folder, comparison["chosen"])
        rows = score(networks, split, conditions, comparison["settings"]["seed"], say=say)
        write_rows(folder / FILE, rows)
    scores = read_rows(folder / FILE, CSV_COLUMNS)
    try:
        tables = [_table(scores, kind) for kind in ("fgsm", "pgd", "noise")]
        tables += _disturbed(scores)
    except (LookupError, ValueError) as error:
        raise damaged_rows(folder / FILE, error) from None
    for table in tables:
        console.print(table)
    say(f"{pixels_line(comparison)}; {UNCHOSEN}\neverything: {folder / FILE}")
    return 0


def _disturbed(scores: pd.DataFrame) -> Iterator[Table]:
    """Show each row's head MAE under each disturbance, in tables that 80 columns hold."""
    heads = scores[scores["score"] == "mae_head"]
    means = heads.groupby(["row", "kind", "strength"], sort=False)["value"].mean()
    names = list(heads["row"].unique())
    for start in range(0, len(names), SIDE_BY_SIDE):
        rows = names[start : start + SIDE_BY_SIDE]
        table = Table(title=DISTURBED, box=None, padding=(0, 0, 0, 1))
        table.add_column("", no_wrap=True)
        for row in rows:
            head = row.replace("RobMedNAS", "RobMed NAS")  # where it breaks
            table.add_column(Text(head), justify="right", width=max(map(len, head.split())))
        table.add_row("clean", *(f"{means[row, 'clean', 0.0]:.0f}" for row in rows))
        for kind, strengths in STRENGTHS.items():
            for strength in strengths:
                if all((row, kind, strength) in means.index for row in rows):
                    values = (f"{means[row, kind, strength]:.0f}" for row in rows)
                    table.add_row(f"{kind} {strength:g}", *values)
        yield table


def _table(scores: pd.DataFrame, kind: str) -> Table:
    """Show the means over regions and subjects along the strengths."""
    scores = scores[scores["kind"].isin([kind, "clean"])]
    title = f"{kind}: MAE in HU / Dice, means over the four regions"
    table = Table(title=title, box=None, padding=(0, 0, 0, 1))
    strengths = np.sort(scores["strength"].unique())
    columns = strengths[np.linspace(0, len(strengths) - 1, COLUMNS).astype(int)]
    table.add_column("", no_wrap=True)
    for strength in columns:
        table.add_column(f"{strength:g}", justify="right", no_wrap=True)
    for row, group in scores.groupby("row", sort=False):
        cells = []
        for strength in columns:
            values = group[group["strength"] == strength]
            mae = values.loc[values["score"].str.startswith("mae"), "value"].mean()
            overlap = values.loc[values["score"].str.startswith("dice"), "value"].mean()
            cells.append(f"{mae:.0f}/{overlap:.2f}")
        table.add_row(Text(str(row)), *cells)
    return table
