"""How much chance there is in a result: other weights to start from, other training subjects.

The chosen architecture and the baseline, retrained with 11 seeds on the same subjects, and with one
seed on 8 folds of the training subjects, whose left-out group takes the place of val
[robmednas, section 2.6, figure 6].
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from search.robmednas.corruption import UNCHOSEN
from search.robmednas.final import full_settings_of, read_final
from search.robmednas.retrain import retrain
from search.robmednas.sources import BASELINE, SEARCHED
from search.robmednas.testing import Condition, open_test, score, write_rows
from searchspace.errors import UserError
from trainables.data.subjects import folds
from trainables.metrics.synthesis import REGIONS
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.assets import make_splits, open_subjects, write_data

FILE = "stability.csv"
INITIALISATION, TRAINING_DATA = "initialisation", "training data"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Training:
    """One of the trainings.

    Attributes:
        row: Whose architecture.
        config: A whole config.
        kind: What differs: `INITIALISATION` or `TRAINING_DATA`.
        number: Which seed or fold, from 0.
        settings: With the training's seed.
        assets: The slices it is trained on.
    """

    row: str
    config: dict[str, Any]
    kind: str
    number: int
    settings: RobMedNASSettings
    assets: Path

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.row} {self.kind} {self.number}".lower().replace(" ", "-")


def stability(folder: Path, initialisations: int, groups: int, console: Console) -> int:
    """Retrain, score on test, write ``stability.csv``, print means and deviations.

    Raises:
        UserError: If the folder holds no finished comparison with a searched architecture, or
            there are fewer training subjects than folds.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    known = read_final(folder)
    if not (folder / FILE).is_file():
        settings = full_settings_of(known)
        split = open_test(settings, folder, say)
        eps, seed = known["eps"], known["settings"]["seed"]
        conditions = [Condition("clean", 0.0), Condition("fgsm", eps), Condition("pgd", eps)]
        rows = []
        for one in _trainings(known, settings, folder, initialisations, groups, say):
            place = folder / "stability" / one.name
            retrain(one.config, one.settings, one.assets, place, known["patience"], say)
            networks = {one.row: load_unet(place)[0]}
            rows += [_named(one, row) for row in score(networks, split, conditions, seed)]
        write_rows(folder / FILE, rows)
    found = pd.read_csv(folder / FILE)
    for kind in (INITIALISATION, TRAINING_DATA):
        console.print(_table(found[found["kind"] == kind], kind))
    say(UNCHOSEN)
    say(f"everything: {folder / FILE}")
    return 0


def _trainings(
    known: dict[str, Any],
    settings: RobMedNASSettings,
    folder: Path,
    seeds: int,
    groups: int,
    say: Say,
) -> list[Training]:
    configs = {one["name"]: one["config"] for one in known["candidates"]}
    chosen = {row: configs[name] for row, name in known["chosen"].items()}
    searched = next((row for row in SEARCHED if row in chosen), None)
    if searched is None:
        raise UserError(f"the comparison in {folder} holds no searched architecture")
    train = make_splits(settings, open_subjects(settings)).train
    parts = folds(train, groups, settings.seed)
    for number, (kept, left_out) in enumerate(parts):
        place = folder / "folds" / str(number)
        if not (place / "subjects.json").is_file():  # written last
            ranking = make_splits(settings, open_subjects(settings)).ranking
            write_data(place, settings, {"train": kept, "val": left_out, "ranking": ranking}, say)
    found = []
    for row in (BASELINE, searched):
        for seed in range(seeds):
            own = settings.model_copy(update={"seed": seed})
            found.append(Training(row, chosen[row], INITIALISATION, seed, own, folder / "assets"))
        for number in range(groups):
            place = folder / "folds" / str(number)
            found.append(Training(row, chosen[row], TRAINING_DATA, number, settings, place))
    return found


def _named(one: Training, row: dict[str, object]) -> dict[str, object]:
    """Turn a row of scores into one of the file, which says what differs between trainings."""
    left = {name: row[name] for name in ("subject", "score", "value")}
    known = {"row": one.row, "kind": one.kind, "number": one.number, "condition": row["kind"]}
    return known | left


def _table(found: pd.DataFrame, kind: str) -> Table:
    """Show mean and deviation over trainings of each region's scores, averaged over subjects."""
    count = found["number"].nunique()
    table = Table(title=f"{kind}: mean ± sd over {count} trainings, attacked by PGD", box=None)
    scores = [f"{score}_{region}" for score in ("mae", "dice") for region in REGIONS]
    table.add_column("", no_wrap=True)
    for name in scores:
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    own = found[found["condition"] == "pgd"]
    by_training = own.groupby(["row", "score", "number"])["value"].mean()
    for row in own["row"].unique():
        values = [by_training[row, name] for name in scores]
        digits = [0 if name.startswith("mae") else 3 for name in scores]
        pairs = list(zip(values, digits, strict=True))
        table.add_row(str(row), *(f"{value.mean():.{digit}f}" for value, digit in pairs))
        spreads = (f"± {value.std():.{digit}f}" for value, digit in pairs)
        table.add_row("", *spreads, style="dim")
    return table
