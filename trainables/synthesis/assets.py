"""What all trials of a run share: slices of the splits that they may see, and no test slice."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainables.data.grid import Slices, to_slices
from trainables.data.head_phantom import phantom_subjects
from trainables.data.subjects import SubjectSplits, paper_subset, split_subjects
from trainables.data.volumes import Subject, open_folder
from trainables.metrics.synthesis import measure, truth_of
from trainables.models.intensity_map import IntensityMap
from trainables.study.study import Say
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import Split, digest_of, read_split, write_split

TRIAL_SPLITS = ("train", "val", "ranking")
SUBJECTS = "subjects.json"
CROPPED = 0.01  # share of a head outside the field from which on it is said


@dataclass(frozen=True)
class Data:
    """The splits that a trial may see: train trains, val chooses the epoch, ranking ranks."""

    train: Split
    val: Split
    ranking: Split


def open_subjects(settings: SynthesisSettings) -> tuple[Subject, ...]:
    """Open the folder of subjects, or make the phantom's; no voxel is read yet."""
    if settings.data is not None:
        return open_folder(settings.data)
    return phantom_subjects(
        settings.subjects, settings.size, settings.slices, settings.field_mm, settings.data_seed
    )


def make_splits(settings: SynthesisSettings, subjects: Sequence[Subject]) -> SubjectSplits:
    """Split the subjects; ``paper`` takes its three small splits from the training subjects."""
    splits = split_subjects([subject.name for subject in subjects], settings.data_seed)
    return paper_subset(splits, settings.data_seed) if settings.subset == "paper" else splits


@dataclass(frozen=True)
class Written:
    """What writing the splits found.

    Attributes:
        digests: SHA-256 of the slices, by split.
        lines: Sentences for the terminal.
    """

    digests: dict[str, str]
    lines: tuple[str, ...]


def write_data(
    folder: Path,
    settings: SynthesisSettings,
    names: dict[str, tuple[str, ...]],
    say: Say,
    known: Mapping[bytes, str] | None = None,
) -> Written:
    """Bring subjects to the network's grid and write them, one at a time, split by split.

    Args:
        folder: Gets a folder for each split.
        settings: Say where the subjects are, and the grid.
        names: The subjects of each split.
        say: Told what takes long.
        known: Subjects written elsewhere, none of whom these may be, see `known_mr`.

    Raises:
        UserError: If a file is missing or damaged, or holds what cannot be trained on.
    """
    subjects = {subject.name: subject for subject in open_subjects(settings)}
    if settings.data is not None:
        say(f"reading {sum(map(len, names.values()))} subjects from {settings.data} ...")
    cropped: list[str] = []
    depths: set[int] = set()

    def on_grid(wanted: tuple[str, ...]) -> Iterator[Slices]:
        for name in wanted:
            slices = to_slices(name, subjects[name].load(), settings.size, settings.field_mm)
            depths.add(len(slices.mr))
            if slices.lost > CROPPED:
                cropped.append(f"{name} ({slices.lost:.0%})")
            yield slices

    seen = dict(known or {})
    digests = {
        split: write_split(folder / split, on_grid(wanted), seen) for split, wanted in names.items()
    }
    (folder / SUBJECTS).write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")
    lines = []
    if depths == {1}:
        lines.append("every subject has one slice: where 'volume' is said, that slice is meant")
    if cropped:
        lines.append(
            f"{len(cropped)} heads reach beyond the field of {settings.field_mm:g} mm, the most "
            f"cropped {max(cropped)}: widen it with --field"
        )
    return Written(digests, tuple(lines))


def read_data(folder: Path) -> Data:
    """Map what `write_data` wrote."""
    train, val, ranking = (read_split(folder / name) for name in TRIAL_SPLITS)
    return Data(train, val, ranking)


def write_test(settings: SynthesisSettings, assets: Path, folder: Path, say: Say) -> None:
    """Open the test subjects, once: what the folder holds already is not written again.

    Args:
        settings: Of the run.
        assets: Where the other splits are.
        folder: For the test subjects alone.
        say: Told what takes long.

    Raises:
        UserError: If a test subject's MR is also that of another subject.
    """
    if not (folder / "test" / SUBJECTS).is_file():
        names = {"test": make_splits(settings, open_subjects(settings)).test}
        write_data(folder, settings, names, say, known_mr(assets))


def known_mr(folder: Path) -> dict[bytes, str]:
    """Return the digest of the MR of every subject in a folder of splits, and whose it is."""
    data = read_data(folder)
    return {
        digest_of(subject.mr): subject.name
        for split in (data.train, data.val, data.ranking)
        for subject in split.subjects
    }


def trivial_mae(train: Split, measured: Split) -> float:
    """Measure the mean CT by MR intensity: the head MAE in HU that a network has to beat."""
    fitted = IntensityMap.fit(
        (one.mr.astype(np.float32), one.ct.astype(np.float32), one.mask) for one in train.subjects
    )
    errors = [
        measure(
            fitted.predict(one.mr.astype(np.float32)),
            truth_of(one.ct.astype(np.float32), np.asarray(one.mask)),
        )["mae_head"]
        for one in measured.subjects
    ]
    return float(np.mean(errors))
