"""Rising corruption of test: attacks, noise [robmednas, figure 7], and what scanners do."""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.robmednas.final import full_settings_of, pixels_line, read_final
from search.robmednas.retrain import DONE, read_retrained
from search.robmednas.rows import damaged_rows, read_rows, write_rows
from search.robmednas.tables import BARRED, barred_sentences
from search.robmednas.testing import Condition, count_later, networks_of, open_test, score
from search.storage.openings import Opening, identity_of
from searchspace.words import plural
from trainables.door.paths import inside
from trainables.metrics.intervals import mean_interval
from trainables.synthesis.robustness.disturbances import STRENGTHS

FILE = "corruption.csv"
CSV_COLUMNS = ("row", "kind", "strength", "subject", "score", "value")
RADII = tuple(round(0.02 * step, 3) for step in range(1, 11))
SIGMAS = tuple(round(0.025 * step, 3) for step in range(1, 11))
DISTURBANCES = [(kind, strength) for kind, steps in STRENGTHS.items() for strength in steps]
COLUMNS = 6  # strengths in the printed table
SIDE_BY_SIDE = 6  # networks in a table of disturbances
DISTURBED = "head MAE in HU under disturbances without an adversary"
UNCHOSEN = "these are scores of the test subjects: choose nothing by them"
MODELS = "models"  # the folder of the comparison's trainings
NOTE = (
    "below each mean its 95 % interval over {} (Student's t), cut at 0 and Dice at 1; each row is "
    "one training, and other seeds may differ by more"
)


def corruption(folder: Path, console: Console, data: Path | None = None) -> int:
    """Score every row's network under rising corruption; write ``corruption.csv``, print means.

    It tells of test what the comparison did not, such as who withstands ghosting, and a search may
    be planned by that. So it is an opening of test of its own, which later commands pay for;
    printing the scores again is the same opening.

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
    opening = Opening(
        identity=f"corruption {identity_of(folder)}",
        folder=folder,
        winner="the networks of its tables",
    )
    count_later(comparison, opening, say)
    if not (folder / FILE).is_file():
        split = open_test(full_settings_of(comparison, folder, data), folder, say)
        networks, seed = networks_of(folder, comparison["chosen"]), comparison["settings"]["seed"]
        write_rows(folder / FILE, score(networks, split, _conditions(), seed, say=say))
    missed = _missed(comparison, folder)
    scores = read_rows(folder / FILE, CSV_COLUMNS)
    scores["row"] = [row + BARRED if missed.get(row) else row for row in scores["row"]]
    try:
        tables = [_table(scores, kind) for kind in ("fgsm", "pgd", "noise")]
        tables += _disturbed(scores)
    except (LookupError, ValueError) as error:
        raise damaged_rows(folder / FILE, error) from None
    for table in tables:
        console.print(table)
    subjects = plural(scores["subject"].nunique(), "test subject")
    lines = [NOTE.format(subjects), *barred_sentences(missed)]
    lines += [f"{pixels_line(comparison)}; {UNCHOSEN}", f"everything: {folder / FILE}"]
    for line in lines:
        say(line)
    return 0


def _conditions() -> list[Condition]:
    conditions = [Condition("clean", 0.0)]
    conditions += [Condition(kind, radius) for kind in ("fgsm", "pgd") for radius in RADII]
    conditions += [Condition("noise", sigma) for sigma in SIGMAS]
    return conditions + [Condition(*disturbance) for disturbance in DISTURBANCES]


def _missed(comparison: Mapping[str, Any], folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the constraints that the training of each row misses, such as an alarm."""
    files = {row: inside(folder, MODELS, name, DONE) for row, name in comparison["chosen"].items()}
    return {row: read_retrained(file).missed for row, file in files.items() if file.is_file()}


def _disturbed(scores: pd.DataFrame) -> Iterator[Table]:
    """Show each row's head MAE under each disturbance, in tables that 80 columns hold."""
    heads = scores[scores["score"] == "mae_head"]
    groups = dict(iter(heads.groupby(["row", "kind", "strength"], sort=False)["value"]))
    names = list(heads["row"].unique())
    for start in range(0, len(names), SIDE_BY_SIDE):
        rows = names[start : start + SIDE_BY_SIDE]
        table = Table(title=DISTURBED, box=None, padding=(0, 0, 0, 1))
        table.add_column("", no_wrap=True)
        for row in rows:
            head = row.replace("RobMedNAS", "RobMed NAS")  # where it breaks
            table.add_column(Text(head), justify="right", min_width=max(map(len, head.split())))
        for kind, strength in (("clean", 0.0), *DISTURBANCES):
            if all((row, kind, strength) in groups for row in rows):
                values = [groups[row, kind, strength] for row in rows]
                name = kind if kind == "clean" else f"{kind} {strength:g}"
                table.add_row(name, *(f"{value.mean():.0f}" for value in values))
                table.add_row("", *(_ends(value, 0) for value in values), style="dim")
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
        errors = [_by_subject(group, strength, "mae") for strength in columns]
        overlaps = [_by_subject(group, strength, "dice") for strength in columns]
        pairs = zip(errors, overlaps, strict=True)
        table.add_row(Text(str(row)), *(f"{a.mean():.0f}/{b.mean():.2f}" for a, b in pairs))
        table.add_row("", *(_ends(values, 0) for values in errors), style="dim")
        table.add_row("", *(_ends(values, 2, most=1.0) for values in overlaps), style="dim")
    return table


def _by_subject(scores: pd.DataFrame, strength: float, kind: str) -> "pd.Series[float]":
    """Average the scores of a kind over the regions of each subject, at a strength."""
    part = scores[(scores["strength"] == strength) & scores["score"].str.startswith(kind)]
    return part.groupby("subject")["value"].mean()


def _ends(values: "pd.Series[float]", digits: int, most: float = math.inf) -> str:
    """Write the ends of the interval of a mean over subjects, within what the mean can be."""
    _, low, high = mean_interval(values.to_numpy(dtype=float))
    if math.isnan(low):
        return ""
    return f"{max(low, 0.0):.{digits}f}-{min(high, most):.{digits}f}"
