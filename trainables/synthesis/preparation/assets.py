"""The slices of a run: splits written once for all trials, without the test subjects."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from searchspace.errors import UserError
from trainables.data.grid import Slices, spaced, stacked, to_slices
from trainables.data.phantoms.heads import phantom_subjects
from trainables.data.subjects import SubjectSplits, paper_subset, split_sites
from trainables.data.volumes import Subject, open_folder
from trainables.door.opening import files_below
from trainables.door.paths import inside
from trainables.door.seal import check_seal, read_seal, seal
from trainables.door.sharing import LEAST, clear_pool, share
from trainables.metrics.synthesis import measure, truth_of
from trainables.runtime.files import write_atomically
from trainables.study.study import Say
from trainables.synthesis.constant import constant_error, fit_intensity
from trainables.synthesis.native import write_native
from trainables.synthesis.preparation.record import Record, new_record, read_record
from trainables.synthesis.preparation.remarks import Remarks
from trainables.synthesis.preparation.space import check_space, predict_bytes
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import Split, digest_of, read_split, write_split

TRIAL_SPLITS = ("train", "val", "ranking")
SUBJECTS = "subjects.json"
SEAL = "seal.json"  # digests of the files of test subjects


@dataclass(frozen=True)
class Data:
    """The splits that a trial may see: train for training, val for the best epoch, ranking."""

    train: Split
    val: Split
    ranking: Split


def open_subjects(settings: SynthesisSettings) -> tuple[Subject, ...]:
    """Open the folder of subjects, or make the subjects of the phantom; no voxel is read yet."""
    if settings.data is not None:
        return open_folder(settings.data)
    return phantom_subjects(
        settings.subjects, settings.size, settings.slices, settings.field_mm, settings.data_seed
    )


def draw_record(settings: SynthesisSettings) -> Record:
    """Draw the splits of a new run, and read what the files of every subject hold.

    Raises:
        UserError: If there are too few subjects, one is there twice or as a near copy, none is of a
            site that the settings name, or a site shall rank in the paper's subset, which has its
            own.
    """
    subjects = open_subjects(settings)
    names = [subject.name for subject in subjects]
    if settings.ranking_site is not None and settings.subset == "paper":
        raise UserError("the paper's subset ranks on one of its own: give --subset all or no site")
    sites = {"test": settings.test_site, "ranking": settings.ranking_site}
    beginnings = {
        split: [site.strip() for site in text.split(",")]
        for split, text in sites.items()
        if text is not None
    }
    splits = split_sites(names, settings.data_seed, **beginnings)
    return new_record(splits, subjects, keep_near=settings.keep_near)


def splits_of(record: Record, settings: SynthesisSettings) -> SubjectSplits:
    """Return the recorded splits; the subset ``paper`` is taken from the training subjects."""
    if settings.subset == "all":
        return record.splits
    return paper_subset(record.splits, settings.data_seed)


@dataclass(frozen=True)
class DataFacts:
    """Facts on the splits that were written.

    Attributes:
        digests: SHA-256 of the slices, by split.
        lines: Sentences for the terminal.
        grid_error: Head MAE in HU of a perfect network on the voxels of the ranking subjects, as
            the grid is coarser than they are; 0 where it is not, NaN without ranking subjects.
    """

    digests: dict[str, str]
    lines: tuple[str, ...]
    grid_error: float


def write_data(
    folder: Path,
    settings: SynthesisSettings,
    record: Record,
    names: dict[str, tuple[str, ...]],
    say: Say,
    foreign: Mapping[bytes, str] | None = None,
    *,
    native: bool = False,
) -> DataFacts:
    """Resample subjects to the network's grid and write them, one at a time, split by split.

    Args:
        folder: Receives a folder for each split.
        settings: Of the run: where the subjects are, and the grid.
        record: What the subjects held when the run began; nothing else is written.
        names: The recorded names of the subjects of each split.
        say: Receives a sentence before each step that takes long.
        foreign: The subjects of other splits, which may not appear here, see `mr_names`.
        native: Whether the CT is written on its own voxels as well.

    Raises:
        UserError: If a file is missing, damaged, or another one than in the record, or cannot be
            used for training.
    """
    subjects = _locate(settings, record, names, say)
    need = predict_bytes(subjects, names, settings, native=native)
    check_space(folder, need, say)
    remarks = Remarks(settings)
    grid = settings.size, settings.field_mm, settings.normalisation

    def on_grid(split: str) -> Iterator[Slices]:
        for number, name in enumerate(names[split]):
            volume = subjects[name].load()
            slices = to_slices(name, volume, *grid)
            if settings.neighbours:
                slices = replace(slices, stack=stacked(slices.mr, settings.neighbours))
            if native:
                write_native(folder / split, number, volume, settings.field_mm)
            remarks.see(volume, slices, ranks=split == "ranking")
            limit = settings.rank_slices if split in {"val", "ranking"} else None
            yield slices if limit is None else spaced(slices, limit)

    owners = dict(foreign or {})
    digests = {split: write_split(folder / split, on_grid(split), owners) for split in names}
    _share([folder / split for split in names], settings.pool)
    write_atomically(folder / SUBJECTS, json.dumps(names, indent=2) + "\n")
    return DataFacts(digests, tuple(remarks.lines()), remarks.coarseness[0])


def _share(folders: Sequence[Path], pool: Path | None) -> None:
    """Let arrays take the disk once that other runs have as well, if there is a pool."""
    if pool is None:
        return
    arrays = [
        file
        for folder in folders
        for file in files_below(folder)
        if file.stat(follow_symlinks=False).st_size >= LEAST
    ]
    clear_pool(pool)
    for array in arrays:
        share(array, pool)


def _locate(
    settings: SynthesisSettings, record: Record, names: Mapping[str, Sequence[str]], say: Say
) -> dict[str, Subject]:
    """Find the subjects of all splits, by their recorded names."""
    present = open_subjects(settings)
    if settings.data is not None:
        say(f"reading {sum(map(len, names.values()))} subjects from {settings.data} ...")
    subjects = {
        name: subject
        for split, members in names.items()
        for name, subject in record.locate(members, split, present).items()
    }
    for name, subject in subjects.items():
        if subject.name != name:
            say(f"subject '{name}' is in the folder '{subject.name}' now")
    return subjects


def read_data(folder: Path) -> Data:
    """Map the splits that `write_data` wrote; no slice is loaded yet."""
    train, val, ranking = (read_split(folder / name) for name in TRIAL_SPLITS)
    return Data(train, val, ranking)


def write_test(settings: SynthesisSettings, assets: Path, folder: Path, say: Say) -> None:
    """Open the test subjects of the record and write them, unless the folder holds them already.

    Args:
        settings: Of the run.
        assets: Folder of the record and of the other splits.
        folder: For the test subjects alone.
        say: Receives a sentence before each step that takes long.

    Raises:
        UserError: If a test subject is not there as the record has it, or its MR is also that of
            another subject.
    """
    if not _has_test(folder, assets):
        record = read_record(assets)
        names = {"test": record.splits.test}
        write_data(folder, settings, record, names, say, mr_names(assets), native=True)
        write_atomically(folder / SEAL, json.dumps(seal(folder / "test"), indent=2) + "\n")


def find_test(settings: SynthesisSettings, assets: Path, folder: Path, say: Say) -> None:
    """Make sure that the test subjects of the record are still there; nothing is written.

    Args:
        settings: Of the run.
        assets: Folder of the record.
        folder: For the test subjects alone; nothing is looked for where it holds them already.
        say: Receives a sentence before each step that takes long.

    Raises:
        UserError: If a test subject is not there as the record has it.
    """
    if not _has_test(folder, assets):
        record = read_record(assets)
        _locate(settings, record, {"test": record.splits.test}, say)


def _has_test(folder: Path, assets: Path) -> bool:
    """Return whether test subjects were written, which have to be those of the record.

    Raises:
        UserError: If a file is not what was written, or others are there, by name or with the MR of
            a subject that served.
    """
    if not (folder / SEAL).is_file():  # the last to be written
        return False
    remedy = f"remove {folder}, and give the same command again"
    check_seal(folder / "test", read_seal(inside(folder, SEAL), remedy), remedy)
    subjects, served = read_split(folder / "test").subjects, mr_names(assets)
    names = tuple(subject.name for subject in subjects)
    if names != read_record(assets).splits.test or any(
        digest_of(subject.mr) in served for subject in subjects
    ):
        raise UserError(f"{folder} holds other subjects than the test split of the run: {remedy}")
    return True


def mr_names(folder: Path) -> dict[bytes, str]:
    """Map the digest of every MR in a folder of splits to the name of its subject."""
    data = read_data(folder)
    return {
        digest_of(subject.mr): subject.name
        for split in (data.train, data.val, data.ranking)
        for subject in split.subjects
    }


def trivial_line(train: Split, test: Split) -> str:
    """Say what the best grey and the mean CT by MR intensity reach, to be beaten by a network.

    Args:
        train: From which the CT by intensity is learnt.
        test: That is scored.
    """
    grey, lookup = constant_error(test), lookup_mae(train, test)
    return f"without a network, head MAE: {grey:.1f} HU of one grey, {lookup:.1f} HU by intensity"


def lookup_mae(train: Split, ranking: Split) -> float:
    """Measure the mean CT by MR intensity: the head MAE in HU that a network has to beat."""
    model = fit_intensity(train)
    errors = [
        measure(
            model.predict(subject.mr.astype(np.float32)),
            truth_of(subject.ct.astype(np.float32), np.asarray(subject.mask)),
        )["mae_head"]
        for subject in ranking.subjects
    ]
    return float(np.mean(errors))
