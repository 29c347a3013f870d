"""Splits of subjects for `robmednas_table.py`: the product's, folds, or one site after another.

A saved model was chosen by some subjects and kept from others. So with one the product's splits are
those that its run wrote down, and of other splits it is said which subjects chose the model.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from search.record.run_folder import MANIFEST, RunFolder
from search.storage.openings import Opening, count_elsewhere, identity_of
from searchspace.errors import UserError
from trainables.data.subjects import SubjectSplits, folds, notes_of, split_subjects
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.runtime.files import write_atomically
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.preparation.assets import (
    SUBJECTS,
    TRIAL_SPLITS,
    draw_record,
    read_data,
    trivial_line,
    write_test,
)
from trainables.synthesis.preparation.record import FILE, Record, read_record
from trainables.synthesis.slices import read_split

study = RobMedNAS()

PRODUCT = "product"
CHOSE = ("val", "ranking")


@dataclass(frozen=True)
class Origin:
    """The run that a saved model comes from.

    Attributes:
        folder: The run's.
        record: Its subjects, and what each served.
    """

    folder: Path
    record: Record

    @cached_property
    def roles(self) -> dict[str, str]:
        """What each MR and CT served in the run, by SHA-256; what served nothing is not there."""
        served = read_json(inside(RunFolder(self.folder).assets, SUBJECTS))
        names = {split: served[split] for split in TRIAL_SPLITS}
        names["test"] = list(self.record.splits.test)
        return {
            digest: split
            for split, members in names.items()
            for name in members
            for digest in self.record.personal(name)
        }

    def role(self, record: Record, name: str) -> str:
        """Say what a subject of any record served in the run; empty for nothing."""
        digests = record.personal(name)
        return next((self.roles[each] for each in digests if each in self.roles), "")


def origin_of(model: Path) -> Origin:
    """Find the run of a saved model, such as ``RUN/best``.

    Raises:
        UserError: If it lies in none.
    """
    for folder in model.expanduser().resolve().parents:
        assets = folder / "assets"
        if (folder / MANIFEST).is_file() and (assets / FILE).is_file():
            return Origin(folder, read_record(assets))
    raise UserError(
        f"{model} lies in no run, so which subjects chose it is not known: give RUN/best, or its "
        "architecture as --network"
    )


def records_of(
    settings: RobMedNASSettings,
    count: int = 0,
    sites: Sequence[str] = (),
    origins: Sequence[Origin] = (),
) -> Iterator[tuple[str, Record]]:
    """Draw splits, each with a name: the product's own, unless something else is asked for.

    Args:
        settings: With the subjects.
        count: Of folds, in each of which other subjects are tested; 0 for none.
        sites: Beginnings of names, each of which is tested in turn while the rest trains.
        origins: The runs of saved models: the product's splits are theirs, as they wrote them down.

    Raises:
        UserError: If the runs have other subjects or splits than one another.
    """
    if sites:
        for site in sites:
            yield site, draw_record(settings.model_copy(update={"test_site": site}))
        return
    if origins and not count:
        yield PRODUCT, _common(origins)
        return
    record = draw_record(settings)
    if not count:
        yield PRODUCT, record
        return
    pairs = folds(sorted(record.contents), count, settings.data_seed)
    for number, (rest, test) in enumerate(pairs, 1):
        part = split_subjects(rest, settings.data_seed)
        names = tuple(sorted((*part.train, *part.test))), part.val, part.ranking, test
        splits = SubjectSplits(*names, notes=notes_of(*names))
        yield f"{number}of{count}", replace(record, splits=splits)


def _common(origins: Sequence[Origin]) -> Record:
    first = origins[0]
    for origin in origins[1:]:
        if change := first.record.difference(origin.record):
            raise UserError(
                f"{first.folder.name} and {origin.folder.name} cannot be compared: {change}"
            )
    return first.record


def remarks(
    origins: Sequence[Origin], records: Sequence[tuple[str, Record]], split: str
) -> Iterator[str]:
    """Say which of the subjects that are scored chose a model, or trained where it was chosen.

    Args:
        origins: The runs of the models.
        records: With their names.
        split: That is scored.
    """
    for origin in origins:
        scored = _scored(origin, records, split)
        chose = sorted(name for name, role in scored.items() if role in CHOSE)
        trained = sum(role == "train" for role in scored.values())
        if chose or trained:
            yield (
                f"model {origin.folder.name}: of {len(scored)} subjects scored here {len(chose)} "
                f"chose it ({', '.join(chose) or 'none'}) and {trained} trained where it was "
                "chosen: it is flattered by them"
            )


def count_openings(
    origins: Sequence[Origin], records: Sequence[tuple[str, Record]], split: str, folder: Path
) -> None:
    """Count in each run whose test subjects are scored that test is opened.

    Args:
        origins: The runs of the models.
        records: With their names.
        split: That is scored.
        folder: For the scores.
    """
    for origin in origins:
        if "test" in _scored(origin, records, split).values():
            winner = f"model {origin.folder.name}"
            opening = Opening(identity=identity_of(folder), folder=folder, winner=winner)
            count_elsewhere(origin.folder, opening, print)


def _scored(origin: Origin, records: Sequence[tuple[str, Record]], split: str) -> dict[str, str]:
    return {
        name: origin.role(record, name)
        for _, record in records
        for name in getattr(record.splits, split)
    }


def prepare(
    out: Path,
    settings: RobMedNASSettings,
    record: Record,
    normalisation: str,
    fold: str,
    split: str,
) -> tuple[RobMedNASSettings, Path]:
    """Write the slices of the splits, unless they are there; say what is to be learnt from.

    Args:
        out: Of the benchmark.
        settings: Of all trainings.
        record: The splits.
        normalisation: Of the MR.
        fold: Name of the splits.
        split: Whose scores are asked for; test is opened only for its own.

    Returns:
        The settings with what the slices settle, and the folder of the slices.

    Raises:
        UserError: If the folder was begun with other subjects or splits.
    """
    assets = out / "assets" / f"{normalisation}-{settings.size}-{fold}"
    settings = settings.model_copy(update={"normalisation": normalisation})
    file = assets / "settled.json"
    if not file.is_file():
        facts = study.prepare_from(record, settings, assets, print)
        contents = {"settled": dict(facts.settled), "lines": facts.lines}
        write_atomically(file, json.dumps(contents, indent=1) + "\n")
    elif change := read_record(assets).difference(record):
        raise UserError(f"{assets} holds other splits ({change}): name a new folder with --out")
    contents = read_json(file)
    print(*contents["lines"], sep="\n", flush=True)
    if split == "test":
        write_test(settings, assets, assets / "closed", print)
        test, train = read_split(assets / "closed" / "test"), read_data(assets).train
        print(f"on test, {trivial_line(train, test)}")
    return settings.model_copy(update=contents["settled"]), assets
