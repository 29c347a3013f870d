"""Networks and recipes for MR-to-CT, side by side: the table that decides whether a search pays.

    python benchmarks/robmednas_table.py --data DIR --out FOLDER --network "plain 8 16 32 64"

Every row is trained for the same number of steps, several times, and scored on the test subjects of
the product's own splits, with ``--folds K`` on every subject once, or with ``--sites A B`` on those
whose names begin with A, while the others train, then on those of B: sites that no training saw.
With ``--equal time`` the steps are those of the plain U-Net on clean slices, and every other row
gets the computing time that these take, as predicted. Nothing is tuned by the scores.

The plain recipe is what a run has by default; ``--rows recipe`` changes one value of it at a time
and is scored on ranking subjects: what the defaults should be. Rows of one's own: ``--network`` (an
architecture, ``monai unet``, or code ``./file.py:Name``, by the plain recipe, without and with
attacks, or by ``--recipes``) and ``--model`` (a saved model's architecture by its own recipe, such
as ``RUN/best``). With a model the splits are those that its run wrote down, found by content; with
folds and sites it is said which of the subjects chose it. Its run counts that its test is opened.

Each training is a file of its own in FOLDER/scores: a command that was cut keeps what it has and
goes on where it stopped. FOLDER/table.txt is what was printed. One FOLDER is for one folder of
data. Without Ray; ``--jobs`` trains in so many processes at a time, on one device.
"""

import argparse
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from robmednas_gaps import COLUMNS, compare_all
from robmednas_rows import (
    FILTERS,
    PLAIN_RECIPE,
    Row,
    changed_row,
    model_row,
    named_row,
    recipe_rows,
    table_rows,
)
from robmednas_splits import count_openings, origin_of, prepare, records_of, remarks

from search.robmednas.rows import read_rows, write_rows
from search.robmednas.testing import Condition, score
from searchspace.errors import UserError
from trainables.models.ct.named import allow
from trainables.models.ct.networks import network_cost
from trainables.runtime.files import write_atomically
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.preparation.assets import read_data
from trainables.synthesis.preparation.record import Record
from trainables.synthesis.robustness.disturbances import STRENGTHS
from trainables.synthesis.slices import Split, read_split
from trainables.synthesis.training.epoch import steps_of

study = RobMedNAS()

BATCH = 6  # of the plain recipe
RADII = (0.06, 0.2)


@dataclass(frozen=True)
class Training:
    """One training of a row, and the scores of its subjects.

    Attributes:
        row: What is trained.
        settings: With the training's seed and its epochs.
        assets: The slices.
        split: Whose scores are written: ``test`` or ``ranking``.
        fold: Name of the splits.
        file: For the scores.
    """

    row: Row
    settings: RobMedNASSettings
    assets: Path
    split: str
    fold: str
    file: Path


def main() -> None:
    """Train what is missing, and print the table of what there is."""
    arguments = parser().parse_args()
    started = time.monotonic()
    arguments.out.mkdir(parents=True, exist_ok=True)
    arguments.network = [allow(text) if ":" in text else text for text in arguments.network]
    rows = rows_of(arguments)
    notes, trainings = plan(arguments, rows)
    print(*notes, sep="\n", end="\n" * bool(notes), flush=True)
    todo = [training for training in trainings if not training.file.is_file()]
    print(f"{len(rows)} rows, {len(trainings)} trainings, {len(todo)} to do", flush=True)
    for number, line in enumerate(work(todo, arguments, started), 1):
        print(f"[{number}/{len(todo)}] {line}, {time.monotonic() - started:.0f} s", flush=True)
    done = [read_rows(training.file) for training in trainings if training.file.is_file()]
    if done:
        scores = pd.concat(done, ignore_index=True)
        text = "\n".join([*report(scores, [row.name for row in rows]), *notes])
        print(text)
        scores.to_csv(arguments.out / "scores.csv", index=False)
        write_atomically(arguments.out / "table.txt", text + "\n")


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--data", type=Path, help="subjects; without, the phantom's")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument(
        "--rows",
        nargs="+",
        default=["table"],
        help="table, recipe, or names: a network and changes of the plain recipe",
    )
    options.add_argument("--network", action="append", default=[], help="text or code")
    options.add_argument(
        "--recipes",
        nargs="+",
        default=[PLAIN_RECIPE, "uniform .12"],
        help="of these networks: the plain recipe, and what is changed of it",
    )
    options.add_argument("--model", action="append", type=Path, default=[], help="a saved model")
    options.add_argument("--size", type=int, default=96, help="pixels")
    options.add_argument("--steps", type=int, default=1800, help="of every training")
    options.add_argument("--seeds", type=int, default=3, help="trainings of a row")
    options.add_argument("--equal", choices=["slices", "time"], default="slices")
    options.add_argument("--epoch-slices", type=int, help="of an epoch; by default all")
    options.add_argument("--filters", type=int, default=FILTERS, help="most of the handcrafted row")
    splits = options.add_mutually_exclusive_group()
    splits.add_argument("--folds", type=int, default=0, help="0 for the product's splits")
    splits.add_argument("--sites", nargs="+", default=[], help="how names of a site begin")
    options.add_argument("--split", choices=["test", "ranking"], help="that is scored")
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument("--device", default="auto")
    options.add_argument(
        "--minutes", type=float, default=0.0, help="after which it stops; 0: never"
    )
    return options


def rows_of(arguments: argparse.Namespace) -> list[Row]:
    """List the rows that the command line asks for."""
    recipe = RobMedNASSettings().recipe
    groups = {
        "table": table_rows(recipe, arguments.filters),
        "recipe": recipe_rows(recipe, arguments.filters),
    }
    listed = {row.name: row for group in groups.values() for row in group}
    rows = []
    for name in arguments.rows:
        if name in groups:
            rows += groups[name]
        else:
            rows.append(listed.get(name) or named_row(name, recipe, arguments.filters))
    for text in arguments.network:
        rows += [changed_row(text, text, recipe, name) for name in arguments.recipes]
    rows += [model_row(folder, arguments.size) for folder in arguments.model]
    return rows


def plan(arguments: argparse.Namespace, rows: Sequence[Row]) -> tuple[list[str], list[Training]]:
    """Prepare the slices; return what to know of the subjects, and the trainings."""
    only_recipe = set(arguments.rows) == {"recipe"}
    split = arguments.split or ("ranking" if only_recipe else "test")
    settings = study.parse_settings(
        {"data": arguments.data, "size": arguments.size, "device": arguments.device}
        | {"precision": "fp32", "max_memory": "none", "eps": "0,0.06,0.2"}
        | {"max_filters": arguments.filters, "equal": arguments.equal}
        | {"epoch_slices": arguments.epoch_slices}
    )
    origins = [origin_of(folder) for folder in arguments.model]
    records = list(records_of(settings, arguments.folds, arguments.sites, origins))
    count_openings(origins, records, split, arguments.out.resolve())
    notes = list(remarks(origins, records, split))
    return notes, list(list_trainings(arguments, rows, settings, records, split))


def list_trainings(
    arguments: argparse.Namespace,
    rows: Sequence[Row],
    settings: RobMedNASSettings,
    records: Sequence[tuple[str, Record]],
    split: str,
) -> Iterator[Training]:
    """List the trainings, first all rows with the first seed, each with its slices prepared.

    Args:
        arguments: Of the command.
        rows: What is trained.
        settings: Of all trainings.
        records: The splits, with their names.
        split: That is scored.
    """
    folder = arguments.out / "scores" / f"{arguments.size}-pixels-{arguments.steps}-steps"
    folder = folder.with_name(f"{folder.name}-time") if settings.equal == "time" else folder
    prepared = {}
    for seed in range(arguments.seeds):
        for fold, record in records:
            # The longest first: then no process waits long for the last.
            for row in sorted(rows, key=partial(_multiply_adds, size=arguments.size), reverse=True):
                place = row.normalisation, fold
                if place not in prepared:
                    prepared[place] = prepare(arguments.out, settings, record, *place, split)
                ready, assets = prepared[place]
                slices = settings.epoch_slices or len(read_data(assets).train.trimmed())
                batch = row.config["batch_size"] if settings.equal == "slices" else BATCH
                epochs = max(1, round(arguments.steps / steps_of(slices, batch)))
                file = folder / f"{slug(row.name)}-{split}-{fold}-{seed}.csv"
                ready = ready.model_copy(update={"seed": seed, "epochs": epochs})
                yield Training(row, ready, assets, split, fold, file)


def _multiply_adds(row: Row, size: int) -> int:
    return network_cost(row.config["architecture"], row.config["kernels"], size).multiply_adds


def slug(name: str) -> str:
    """Turn the name of a row into that of a file."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def work(todo: Sequence[Training], arguments: argparse.Namespace, started: float) -> Iterator[str]:
    """Run trainings until all are done or the time is up; yield a line for each.

    Args:
        todo: Trainings, the most important first.
        arguments: Of the command.
        started: When the command began, by ``time.monotonic``.
    """
    limit = 60 * arguments.minutes
    end = started + limit if limit else float("inf")
    if arguments.jobs == 1:
        for training in todo:
            if time.monotonic() > end:
                yield f"stopped after {arguments.minutes:g} minutes"
                return
            yield run(training)
        return
    context = multiprocessing.get_context("spawn")
    # Leaving the block ends the processes, also in the middle of a training.
    with context.Pool(arguments.jobs, partial(_begin, arguments.network)) as pool:
        results = pool.imap_unordered(run, todo)
        for _ in todo:
            try:
                yield results.next(None if not limit else max(0.1, end - time.monotonic()))
            except multiprocessing.TimeoutError:
                yield f"stopped after {arguments.minutes:g} minutes"
                return


def _begin(networks: Sequence[str]) -> None:
    """Prepare a process: one thread, and the networks of the user's own."""
    torch.set_num_threads(1)
    for text in networks:
        if ":" in text:
            allow(text)


def run(training: Training) -> str:
    """Train, score and write one training; return a line on it. An error becomes the line."""
    try:
        rows = list(scores_of(training))
    except Exception as error:  # noqa: BLE001 - the other rows go on
        return f"{training.row.name} failed: {type(error).__name__}: {error}"
    training.file.parent.mkdir(parents=True, exist_ok=True)
    write_rows(training.file, rows)
    errors = [row["value"] for row in rows if (row["kind"], row["score"]) == COLUMNS["clean"][::2]]
    name, fold, seed = training.row.name, training.fold, training.settings.seed
    return f"{name}, {fold}, seed {seed}: {np.mean(errors):.1f} HU clean"


def scores_of(training: Training) -> Iterator[dict[str, object]]:
    """Train, and yield the scores of every subject under every condition, then what it cost."""
    row, settings = training.row, training.settings
    trial = study.build(dict(row.config), settings, training.assets)
    begun = time.process_time()
    trial.train(settings.epochs)
    seconds = time.process_time() - begun
    split = subjects_of(training)
    attacked = [Condition("pgd", radius) for radius in RADII]
    disturbed = [Condition(kind, most) for kind, each in STRENGTHS.items() for most in each]
    with trial.at_best():
        networks = {row.name: trial.network}
        rows = score(networks, split, [Condition("clean", 0.0)], 0, trial.device, full=True)
        rows += score(networks, split, attacked + disturbed, 0, trial.device)
    facts = {
        "parameters": trial.cost.parameters,
        "steps": settings.epochs * trial.steps,
        "seconds": seconds,
        "best_epoch": settings.epochs - trial.epochs_since_best,
    }
    about = {"row": row.name, "kind": "training", "strength": 0.0, "subject": ""}
    rows += [about | {"score": name, "value": float(value)} for name, value in facts.items()]
    for line in rows:
        yield line | {"fold": training.fold, "seed": settings.seed}


def subjects_of(training: Training) -> Split:
    """Map the subjects that are scored."""
    if training.split == "ranking":
        return read_data(training.assets).ranking
    return read_split(training.assets / "closed" / "test")


def with_spread(mean: float, deviation: float) -> str:
    """Print a mean and its deviation over trainings, which a single seed does not have."""
    return f"{mean:7.3g}" if math.isnan(deviation) else f"{mean:7.3g} ±{deviation:.2g}"


def report(scores: pd.DataFrame, names: Sequence[str]) -> Iterator[str]:
    """Print means, then every row against its controls, then disturbances; rows as ``names``."""
    trained = scores[scores["kind"] != "training"]
    place = ["row", "kind", "strength", "score"]
    means = trained.groupby([*place, "fold", "seed", "subject"])["value"].mean()
    averages = means.groupby(level=place).mean()
    # Of each training, then over trainings: how much one training by itself decides.
    spread = means.groupby(level=[*place, "seed"]).mean().groupby(level=place).std()
    facts = scores[scores["kind"] == "training"].groupby(["row", "score"])["value"]
    rows = [name for name in dict.fromkeys(names) if name in set(scores["row"])]
    columns = {
        title: column for title, column in COLUMNS.items() if column[2] in set(scores["score"])
    }
    yield f"\n{'':42} {'trainings':>9} {'parameters':>10} {'seconds':>7} " + " ".join(
        f"{title:>14}" for title in columns
    )
    for row in rows:
        cells = [
            with_spread(averages[row, *column], spread[row, *column]) for column in columns.values()
        ]
        numbers = facts.mean()[row]
        yield (
            f"{row[:42]:42} {facts.count()[row, 'steps']:9} {numbers['parameters']:10,.0f} "
            f"{numbers['seconds']:7.0f} " + " ".join(f"{cell:>14}" for cell in cells)
        )
    yield (
        "seconds: of a core, in training; head MAE in HU on pixels, and once on the voxels of the "
        "CT; bias: HU of bone, predicted minus true; ±: standard deviation over trainings"
    )
    yield from compare_all(means, rows)
    yield "\nhead MAE in HU under disturbances"
    yield f"{'':42} " + " ".join(f"{kind[:13]:>13}" for kind in STRENGTHS)
    for row in rows:
        cells = [
            f"{averages[row, kind, each[-1], 'mae_head']:13.1f}" for kind, each in STRENGTHS.items()
        ]
        yield f"{row[:42]:42} " + " ".join(cells)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
