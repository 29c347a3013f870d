"""How much chance there is in a result: other weights to start from, other training subjects.

What a search chose and its controls, retrained with 11 seeds on the same subjects, and with one
seed on 8 folds of the training subjects, whose left-out group takes the place of val
[robmednas, section 2.6, figure 6; it has the baseline alone beside what was chosen].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.plan import SHIFT
from search.robmednas.corruption import UNCHOSEN
from search.robmednas.final import POOL, full_settings_of, pixels_line, read_final
from search.robmednas.retrain import DONE, read_retrained, retrain, say_work
from search.robmednas.rows import damaged_rows, read_rows, write_rows
from search.robmednas.sources import BASELINE, GREY, PLAIN, PLAIN_TRAINED, searched
from search.robmednas.tables import deviation, verdict_of
from search.robmednas.testing import Condition, count_looks, open_test, score
from search.storage.openings import add_looks
from searchspace.errors import UserError
from trainables.data.subjects import folds
from trainables.door.opening import names_in
from trainables.door.paths import inside
from trainables.metrics.paired import compare_recipes
from trainables.metrics.synthesis import REGIONS
from trainables.metrics.welch import at_look
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.study.study import Say
from trainables.synthesis.constant import OneGrey, best_grey
from trainables.synthesis.preparation.assets import read_data, write_data
from trainables.synthesis.preparation.duration import say_duration
from trainables.synthesis.preparation.record import read_record
from trainables.synthesis.slices import Split, read_split

FILE = "stability.csv"
LOOKS = "stability_looks.json"  # at verdicts: the first seed, and how many
MODELS = "stability"  # the folder of the trainings
CSV_COLUMNS = ("row", "kind", "number", "condition", "subject", "score", "value")
BESIDE = (BASELINE, PLAIN, PLAIN_TRAINED)  # what the searched network has to beat
LEAST = 3  # trainings of a verdict: of two, equal recipes are told apart in up to 11 % of tables
INITIALISATION, TRAINING_DATA = "initialisation", "training data"


@dataclass(frozen=True)
class Training:
    """One of the trainings.

    Attributes:
        row: Whose architecture.
        config: A whole config.
        kind: What differs: `INITIALISATION` or `TRAINING_DATA`.
        number: The seed, or which fold, from 0.
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
        return f"{self.row} {self.kind} {self.number}".lower().replace(" ", "-").replace("/", "-")


def stability(
    folder: Path, initialisations: int, groups: int, console: Console, data: Path | None = None
) -> int:
    """Retrain, score on test, write ``stability.csv``, print means and deviations.

    Trainings that are scored already are kept, and those that are missing are added: another look
    at test, which verdicts pay for.

    Args:
        folder: Of a finished comparison.
        initialisations: Trainings with seeds of their own, from 1.
        groups: Groups of training subjects, from 2; each takes the place of val once.
        console: Where the user reads.
        data: As of `corruption`.

    Raises:
        UserError: If the folder holds no finished comparison with a searched architecture, there
            are fewer training subjects than folds, or the folder holds other trainings.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    comparison = read_final(folder)
    seeds = range(first := fresh_seed(comparison), first + initialisations)
    before = _rows_before(folder, seeds, groups)
    count_looks(comparison, folder, 1, say)
    goal = {(INITIALISATION, seed) for seed in seeds} | {(TRAINING_DATA, k) for k in range(groups)}
    if not goal <= {(row["kind"], row["number"]) for row in before}:
        settings = full_settings_of(comparison, folder, data)
        rows = _scored(comparison, settings, folder, (seeds, groups), before, say)
        write_rows(folder / FILE, rows)
    frame = read_rows(folder / FILE, CSV_COLUMNS)
    openings = count_looks(comparison, folder, _looks(folder, frame), lambda _: None)
    train, test = read_data(folder / "assets").train, read_split(folder / "test" / "test")
    grey = _grey(train, test)
    try:
        kinds = (INITIALISATION, TRAINING_DATA)
        tables = [_table(frame[frame["kind"] == kind], kind, grey) for kind in kinds]
        lines = _sentences(frame[frame["kind"] == INITIALISATION], openings)
    except (LookupError, ValueError) as error:
        raise damaged_rows(folder / FILE, error) from None
    for table in tables:
        console.print(table)
    lines += [
        *_alarm_lines(folder / MODELS),
        f"{pixels_line(comparison)}; {UNCHOSEN}",
        f"everything: {folder / FILE}",
    ]
    for line in lines:
        say(line)
    return 0


def fresh_seed(comparison: Mapping[str, Any]) -> int:
    """Return the first of the seeds that chose nothing.

    Each search trained with its own, and averaged its leaders over a few above it; the comparison
    trained its candidates with its own. Of comparisons by earlier versions the seeds of the
    searches are not known here: they are taken to be below `SHIFT`.

    Args:
        comparison: What `read_final` read.
    """
    sources = comparison.get("sources") or {"settings": {"seeds": []}}
    seeds: list[int] = [comparison["settings"].get("seed", 0), *sources["settings"]["seeds"]]
    return max(seeds) + SHIFT


def _rows_before(folder: Path, seeds: range, groups: int) -> list[dict[str, Any]]:
    """Return the rows of the file, which may be missing; refuse those of other trainings.

    Raises:
        UserError: If there are trainings that are not asked for now.
    """
    file = folder / FILE
    if not file.is_file():
        return []
    frame = read_rows(file, CSV_COLUMNS)
    _looks(folder, frame)  # what was read was read, though the file be removed
    numbers = {kind: set(part["number"]) for kind, part in frame.groupby("kind")}
    scored, parts = numbers.get(INITIALISATION, set()), numbers.get(TRAINING_DATA, set())
    if scored and min(scored) < seeds.start:
        raise UserError(
            f"{file} holds trainings with seeds {min(scored)} to {max(scored)}, which may have "
            f"chosen: move it elsewhere, and seeds from {seeds.start} on are trained"
        )
    if not scored <= set(seeds):
        raise UserError(
            f"{file} holds {len(scored)} trainings each: give --initialisations {len(scored)} or "
            "more"
        )
    if parts and parts != set(range(groups)):
        raise UserError(f"{file} holds {len(parts)} groups of subjects: give --folds {len(parts)}")
    rows: list[dict[str, Any]] = [
        {str(name): row[name] for name in CSV_COLUMNS} for row in frame.to_dict("records")
    ]
    return rows


def _looks(folder: Path, scores: pd.DataFrame) -> int:
    """Write down that verdicts are read, and return how often they were, from 1.

    The same trainings again are no further look; below `LEAST` there are no verdicts.

    Raises:
        UserError: If the list is damaged: how often is then not known.
    """
    seeds = scores.loc[scores["kind"] == INITIALISATION, "number"]
    count = int(seeds.nunique())
    present = [[int(seeds.min()), count]] if count >= LEAST else []
    looks = add_looks(inside(folder, LOOKS), present, lambda value: isinstance(value, list))
    return max(1, len(looks))


def _scored(
    comparison: Mapping[str, Any],
    settings: RobMedNASSettings,
    folder: Path,
    counts: tuple[range, int],
    before: Sequence[dict[str, Any]],
    say: Say,
) -> list[dict[str, Any]]:
    """Retrain, score on test every training that was not, and return the rows of the file.

    Args:
        comparison: What `read_final` read.
        settings: Of it.
        folder: Of it.
        counts: Seeds, and how many groups of training subjects.
        before: Rows of trainings that were scored.
        say: Told what takes long.
    """
    _check(comparison, folder)
    fold_folders = _write_folds(settings, folder, counts[1], say)
    scored = {(row["row"], row["kind"], row["number"]) for row in before}
    trainings = [
        training
        for training in _trainings(comparison, settings, folder, counts[0], fold_folders)
        if (training.row, training.kind, training.number) not in scored
    ]
    models = [folder / MODELS / training.name for training in trainings]
    if say_work(models, settings.epochs, say):
        say_duration(settings, read_data(folder / "assets"), say)
    patience = comparison["patience"]
    for training, model in zip(trainings, models, strict=True):
        retrain(training.config, training.settings, training.assets, model, patience, say)
    split = open_test(settings, folder, say)
    eps, rows = comparison["eps"], list(before)
    conditions = [Condition("clean", 0.0), Condition("fgsm", eps), Condition("pgd", eps)]
    for training, model in zip(trainings, models, strict=True):
        networks = {training.row: load_unet(model)[0]}
        scores = score(networks, split, conditions, settings.seed)
        rows += [_labelled(training, values) for values in scores]
    rank = {row: number for number, row in enumerate(_rows_of(comparison, folder))}
    return sorted(rows, key=lambda row: (rank.get(row["row"], -1), row["kind"], row["number"]))


def _write_folds(settings: RobMedNASSettings, folder: Path, groups: int, say: Say) -> list[Path]:
    """Write the slices of each fold, and return their folders; folds that are there stay."""
    record = read_record(folder / "assets")
    splits, folders = record.splits, []
    for number, (train, val) in enumerate(folds(splits.train, groups, settings.seed)):
        fold = folder / "folds" / str(number)
        if not (fold / "subjects.json").is_file():  # written last
            part = replace(record, splits=replace(splits, train=tuple(train), val=tuple(val)))
            part.write(fold)
            subjects = {"train": train, "val": val, "ranking": splits.ranking}
            # Each subject is in almost all of the folds.
            pooled = settings.model_copy(update={"pool": settings.pool or folder / POOL})
            write_data(fold, pooled, part, subjects, say)
        folders.append(fold)
    return folders


def _trainings(
    comparison: Mapping[str, Any],
    settings: RobMedNASSettings,
    folder: Path,
    seeds: range,
    folders: Sequence[Path],
) -> list[Training]:
    """List the trainings of the searched network and of what it has to beat.

    Seeds are none of `fresh_seed`'s below: searches and comparison chose among those trainings.
    """
    configs = {network["name"]: network["config"] for network in comparison["candidates"]}
    trainings = []
    for row in _rows_of(comparison, folder):
        config = configs[comparison["chosen"][row]]
        for seed in seeds:
            seeded = settings.model_copy(update={"seed": seed})
            trainings.append(Training(row, config, INITIALISATION, seed, seeded, folder / "assets"))
        for number, fold in enumerate(folders):
            trainings.append(Training(row, config, TRAINING_DATA, number, settings, fold))
    return trainings


def _rows_of(comparison: Mapping[str, Any], folder: Path) -> list[str]:
    """List the rows that are trained: the controls, and last the searched network."""
    controls = [row for row in BESIDE if row in comparison["chosen"]]
    return [*controls, _searched(comparison, folder)]


def _check(comparison: Mapping[str, Any], folder: Path) -> None:
    """Refuse a comparison that lacks what is retrained, before anything is."""
    _searched(comparison, folder)
    if BASELINE not in comparison["chosen"]:
        raise UserError(f"the comparison in {folder} holds no {BASELINE}")


def _searched(comparison: Mapping[str, Any], folder: Path) -> str:
    """Return the row of a searched architecture, the one by TPE where there are two."""
    row = next(iter(searched(comparison["chosen"])), None)
    if row is None:
        raise UserError(f"the comparison in {folder} holds no searched architecture")
    return row


def _labelled(training: Training, scores: Mapping[str, object]) -> dict[str, Any]:
    """Turn a row of scores into one of the file, which says what differs between trainings."""
    return {
        "row": training.row,
        "kind": training.kind,
        "number": training.number,
        "condition": scores["kind"],
        **{name: scores[name] for name in ("subject", "score", "value")},
    }


def _sentences(scores: pd.DataFrame, openings: int = 1) -> list[str]:
    """Say how the searched network compares with its controls, over subjects and seeds.

    Args:
        scores: Of trainings with other seeds.
        openings: How often test was opened, this look included.
    """
    heads = scores[scores["score"] == "mae_head"]
    wide = heads.pivot_table("value", ["row", "condition", "number"], "subject", dropna=False)
    *controls, sought = heads["row"].unique()
    count = heads["number"].nunique()
    if count < LEAST:
        return [
            f"no verdict without {LEAST} trainings each: give --initialisations {LEAST} or more"
        ]
    pairs = [(kind, control) for kind in ("clean", "pgd") for control in controls]
    paid = "" if openings == 1 else f", at half the level of opening {openings - 1} of test"
    lines = [
        f"over subjects and {count} trainings each, which chose nothing, all held together{paid}:"
    ]
    for kind, control in pairs:
        a, b = (wide.loc[row, kind].to_numpy(dtype=float) for row in (sought, control))
        compared = compare_recipes(a, b, at_look(len(pairs), openings), "min")
        lines.append(f"{sought}, {kind}: {verdict_of(compared, control)}")
    return lines


def _grey(train: Split, test: Split) -> "pd.Series[float]":
    """Score one grey on test, by name of the score; no attack changes it."""
    network = {GREY: OneGrey(best_grey(train))}
    rows = pd.DataFrame(score(network, test, [Condition("clean", 0.0)], 0))
    return rows.groupby("score")["value"].mean()


def _alarm_lines(folder: Path) -> list[str]:
    """Say which trainings miss a constraint, such as an alarm for masked gradients."""
    names = names_in(folder) if folder.is_dir() else []
    files = {name: inside(folder, name, DONE) for name in names}
    outcomes = {name: read_retrained(file) for name, file in files.items() if file.is_file()}
    return [
        f"{name} misses {', '.join(outcome.missed)}: it could not win a search"
        for name, outcome in outcomes.items()
        if outcome.missed
    ]


def _table(scores: pd.DataFrame, kind: str, grey: "pd.Series[float]") -> Table:
    """Show mean and deviation over trainings of each region's scores, averaged over subjects.

    Args:
        scores: Of trainings of one kind.
        kind: What differs between them.
        grey: What one grey scores, by name of the score.
    """
    count = scores["number"].nunique()
    table = Table(title=f"{kind}: mean ± sd over {count} trainings, attacked by PGD", box=None)
    names = [f"{score}_{region}" for score in ("mae", "dice") for region in REGIONS]
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    digits = [0 if name.startswith("mae") else 3 for name in names]
    constant = (f"{grey[name]:.{digit}f}" for name, digit in zip(names, digits, strict=True))
    table.add_row(GREY, *constant)
    attacked = scores[scores["condition"] == "pgd"]
    by_training = attacked.groupby(["row", "score", "number"])["value"].mean()
    for row in attacked["row"].unique():
        values = [by_training[row, name] for name in names]
        pairs = list(zip(values, digits, strict=True))
        table.add_row(Text(str(row)), *(f"{value.mean():.{digit}f}" for value, digit in pairs))
        spreads = (deviation(value.std(), digit) for value, digit in pairs)
        table.add_row("", *spreads, style="dim")
    return table
