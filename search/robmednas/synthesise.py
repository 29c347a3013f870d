"""A CT for every MR of a folder, as NIfTI on the MR's own grid.

All files are read and checked before the first is written. A command that was interrupted goes on
where it stopped.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from search.robmednas.retrain import DONE, read_retrained
from search.robmednas.rows import write_rows
from search.robmednas.sources import searched
from search.robmednas.testing import count_synthesis
from searchspace.errors import UserError
from searchspace.words import plural
from trainables.data.nifti import digest_of, read_grid, write_like
from trainables.data.volumes import FolderSubject, Scan, open_mrs
from trainables.door.paths import inside, is_name
from trainables.door.records import read_json
from trainables.door.text import printable
from trainables.models.ct.networks import CTNetwork
from trainables.runtime.config import Frozen
from trainables.runtime.files import (
    begin_folder,
    cannot_write,
    replacement,
    to_json,
    write_atomically,
)
from trainables.saved.checkpoint import CARD, WEIGHTS, UNetCard, load_unet
from trainables.study.study import Say
from trainables.synthesis.about import ranking_metric
from trainables.synthesis.prediction import Track
from trainables.synthesis.unlike import check_grid
from trainables.synthesis.whole import Synthesised, native_scores, synthesise

OUTPUT, PICTURE = "sct.nii.gz", "sct.png"
TABLE, RECORD = "synthesised.csv", "synthesised.json"
SHOWN_HU = (-1000.0, 1500.0)
NAN = float("nan")
GAP = 2  # pixels between the parts of a picture


class Line(Frozen):
    """A subject that is finished.

    Attributes:
        files: SHA-256 of each file, by part.
        scores: By name; None for NaN.
        notes: What a person should know.
    """

    files: dict[str, str]
    scores: dict[str, float | None]
    notes: tuple[str, ...]

    @property
    def mae(self) -> float | None:
        """Head MAE in HU; None without a CT."""
        return self.scores.get("mae_head")


class Finished(Frozen):
    """What a folder holds.

    Attributes:
        model: SHA-256 of the model's files, by name.
        subjects: By name.
    """

    model: dict[str, str]
    subjects: dict[str, Line]


@dataclass(frozen=True)
class Book:
    """The record of a folder, and the table made of it.

    Attributes:
        out: The folder.
        model: SHA-256 of the model's files, by name.
        lines: Of subjects that are finished, by name.
    """

    out: Path
    model: dict[str, str]
    lines: dict[str, Line]

    @classmethod
    def read(cls, out: Path, model: Path) -> Self:
        """Read the record of a folder, which may be missing; nothing is written.

        Raises:
            UserError: If the folder holds other files, was begun with another model, or its record
                is damaged.
        """
        digests = {name: digest_of(model / name) for name in (CARD, WEIGHTS)}
        if os.path.lexists(out):
            begin_folder(out, RECORD)
        try:
            finished = Finished.model_validate(read_json(inside(out, RECORD)))
        except (FileNotFoundError, NotADirectoryError):
            return cls(out, digests, {})
        except ValidationError:
            raise UserError(
                f"{out / RECORD} is not as it was written: name a new folder with --out"
            ) from None
        if finished.model != digests:
            raise UserError(f"{out} was begun with another model: name a new folder with --out")
        return cls(out, digests, dict(finished.subjects))

    def has(self, subject: FolderSubject) -> bool:
        """Tell whether a subject's CT was made of these very files, and is still there."""
        line = self.lines.get(printable(subject.name))
        if line is None or not (self.out / subject.name / OUTPUT).is_file():
            return False
        return line.files == subject.digests()

    def begin(self, rest: Sequence[FolderSubject]) -> None:
        """Make the folder, or go on in it; what is said of subjects to be made is dropped."""
        begin_folder(self.out, RECORD)
        for subject in rest:
            self.lines.pop(printable(subject.name), None)
        self._write()

    def add(self, name: str, line: Line) -> None:
        """Write down that a subject is finished."""
        self.lines[printable(name)] = line
        try:
            self._write()
        except BaseException:
            del self.lines[printable(name)]
            raise

    def _write(self) -> None:
        finished = Finished(model=self.model, subjects=self.lines)
        write_atomically(self.out / RECORD, to_json(finished.model_dump(), indent=2) + "\n")
        rows: list[dict[str, object]] = [
            {"subject": name, "mae_head": line.mae, "notes": "; ".join(line.notes), **line.scores}
            for name, line in sorted(self.lines.items())
        ]
        names = dict.fromkeys(name for row in rows for name in row)
        full = [
            {name: NAN if row.get(name) is None else row[name] for name in names} for row in rows
        ]
        if full:
            write_rows(self.out / TABLE, full)


def synthesise_folder(model: Path, data: Path, out: Path, console: Console) -> int:
    """Write a CT for every subject; print what was done, and the MAE where there is a CT.

    Args:
        model: A run, a final comparison, a confirmation, or a folder with a model.
        data: A folder with a folder for each subject, each with an MR.
        out: New or empty, or one in which the same model was at work.
        console: Where the user reads.

    Raises:
        UserError: If there is no model, no subject or no place; if a file is damaged or does not
            fit, or a single trial would be scored on test subjects of its run, before anything is
            written; or if the disk is full. What was finished is kept.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    folder = find_model(model, say)
    network, card = load_unet(folder)
    subjects = open_mrs(data)
    for subject in subjects:
        _check_grid(subject, card)
    say(f"model: {folder}; {card.size} x {card.size} pixels over {card.field_mm:g} mm")
    book = Book.read(out, folder)
    rest = [subject for subject in subjects if not book.has(subject)]
    if len(rest) < len(subjects):
        say(f"{len(subjects) - len(rest)} of {len(subjects)} subjects are finished in {out}")
    if rest:
        say(f"checking {plural(len(rest), 'subject')} in {data} ...")
    for subject in rest:
        subject.read()
    count_synthesis(folder, subjects, say)
    book.begin(rest)
    for number, subject in enumerate(rest, 1):
        started = time.perf_counter()
        line = _write(subject, network, card, book, _bar(console, subject.name))
        for note in line.notes:
            say(f"subject '{subject.name}': {note}")
        error = "" if line.mae is None else f", {_summary(line.scores)}"
        spent = time.perf_counter() - started
        say(f"[{number}/{len(rest)}] {subject.name}{error}, {spent:.1f} s")
    _end(subjects, book, say)
    return 0


def _end(subjects: Sequence[FolderSubject], book: Book, say: Say) -> None:
    """Say what holds for all subjects, and where everything is."""
    for sentence in _heads(subjects):
        say(sentence)
    measured = [line.mae for line in book.lines.values() if line.mae is not None]
    if measured:
        say(
            f"mean head MAE of {plural(len(measured), 'subject')}, on the voxels of their CT: "
            f"{np.mean(measured):.1f} HU"
        )
    say(f"everything: {book.out}")


def find_model(path: Path, say: Say | None = None) -> Path:
    """Return the folder of the model that a path stands for.

    Args:
        path: A run (its winner), a confirmation or an export (its model), a final comparison (its
            searched network that was best on ranking subjects), or a folder with a model.
        say: Told which network of a comparison that is.

    Raises:
        UserError: If there is none, or it is one of another study.
    """
    folders = [path, inside(path, "best"), *_chosen(path, say)]
    folder = next((item for item in folders if (item / CARD).is_file()), None)
    if folder is None:
        raise UserError(
            f"no model in {path}: name a finished run, a confirmation, a robmednas-final or a "
            f"folder that holds {CARD}"
        )
    card = read_json(inside(folder, CARD))
    if not isinstance(card, dict) or "architecture" not in card:
        raise UserError(f"the model in {folder} predicts no CT: name one of a robmednas run")
    return folder


def _chosen(path: Path, say: Say | None) -> list[Path]:
    """Return the folder of a comparison's best searched network, in a list; or none."""
    file = inside(path, "final.json")
    if not file.is_file():
        return []
    comparison = read_json(file)
    chosen = comparison.get("chosen") if isinstance(comparison, dict) else None
    if not isinstance(chosen, dict):
        return []
    names = {row: chosen[row] for row in searched(chosen)}
    folders = {
        row: inside(path, "models", name)
        for row, name in names.items()
        if isinstance(name, str) and is_name(name)
    }
    if not folders:
        return []
    metric = ranking_metric(_attack(comparison))
    values = {row: _ranked(folder, metric) for row, folder in folders.items()}
    row = max(folders, key=lambda row: values[row])
    if say is not None:
        best = f", the best on ranking subjects ({metric} {values[row][1]:.4g})"
        rank = best if np.isfinite(values[row][1]) else ""
        say(printable(f"network: {row}{rank}, of {', '.join(folders)}"))
    return [folders[row]]


def _attack(comparison: Mapping[str, Any]) -> str:
    """Return the attack that ranked the networks of a comparison."""
    settings = comparison.get("settings")
    attack = settings.get("attack") if isinstance(settings, dict) else None
    return attack if isinstance(attack, str) else "pgd"


def _ranked(folder: Path, metric: str) -> tuple[bool, float]:
    """Return whether a network can win, and what it reached on ranking subjects.

    That is less than any if it is not written.
    """
    file = inside(folder, DONE)
    if not file.is_file():
        return False, -np.inf
    outcome = read_retrained(file)
    value = outcome.metrics.get(metric, -np.inf)
    return not outcome.missed, value if np.isfinite(value) else -np.inf


def _check_grid(subject: FolderSubject, card: UNetCard) -> None:
    """Refuse an MR whose grid shows the network nothing; only its header is read."""
    grid = read_grid(subject.mr)
    try:
        check_grid(grid.shape, grid.spacing, card)
    except ValueError as error:
        raise UserError(f"subject '{subject.name}': its MR {error}") from None


def _bar(console: Console, name: str) -> Track:
    """Show a bar while the batches of a volume run, on a terminal."""
    if not console.is_terminal:
        return iter
    return lambda batches: track(batches, escape(name), console=console, transient=True)


def _write(
    subject: FolderSubject, network: CTNetwork, card: UNetCard, book: Book, bar: Track
) -> Line:
    """Write the CT of a subject and its picture, and that it is finished: all, or nothing."""
    files, scan = subject.digests(), subject.read()
    try:
        outcome = synthesise(network, card, scan.mr, scan.spacing, track=bar)
    except (ValueError, FloatingPointError) as error:
        raise UserError(f"subject '{subject.name}': its MR cannot be used: {error}") from None
    scores = {} if scan.ct is None else native_scores(outcome.ct, scan.ct, scan.mask)
    line = Line(
        files=files,
        scores={name: value if np.isfinite(value) else None for name, value in scores.items()},
        notes=(*scan.notes, *outcome.notes),
    )
    folder = book.out / subject.name
    try:
        folder.mkdir(exist_ok=True)
        write_like(folder / OUTPUT, outcome.ct, subject.mr)
        _draw(folder / PICTURE, scan, outcome)
        book.add(subject.name, line)
    except BaseException as error:
        with contextlib.suppress(OSError):
            (folder / OUTPUT).unlink(missing_ok=True)
            (folder / PICTURE).unlink(missing_ok=True)
            folder.rmdir()
        if isinstance(error, OSError):
            raise cannot_write(folder, error) from error
        raise
    return line


def _summary(scores: Mapping[str, float | None]) -> str:
    """Write the scores of a subject that fit into a line."""
    head, bone, psnr, ssim = (
        NAN if (value := scores[name]) is None else value
        for name in ("mae_head", "bias_bone", "psnr", "ssim")
    )
    return f"head MAE {head:.1f} HU, bone {bone:+.0f} HU, PSNR {psnr:.1f} dB, SSIM {ssim:.3f}"


def _heads(subjects: Sequence[FolderSubject]) -> Iterator[str]:
    """Say where errors are within heads of two kinds, which differ."""
    masks = [subject.mask is not None for subject in subjects if subject.ct is not None]
    if any(masks) and not all(masks):
        yield (
            f"{masks.count(False)} subjects have no mask: their errors are within the head that "
            "their CT shows, those of the rest within their mask"
        )


def _draw(file: Path, scan: Scan, outcome: Synthesised) -> None:
    """Draw the middle slice: MR, its CT, and the truth and the error where there is one.

    Front is up, and the patient's right on the left, as radiologists look at it.
    """
    from matplotlib.image import imsave  # noqa: PLC0415 - slow to import

    middle = outcome.ct.shape[2] // 2
    mr, ct = scan.mr[:, :, middle], outcome.ct[:, :, middle].astype(np.float32)
    panels = [_scaled(mr, *np.quantile(mr, (0.01, 0.995))), _scaled(ct, *SHOWN_HU)]
    if scan.ct is not None:
        truth = scan.ct[:, :, middle]
        panels += [_scaled(truth, *SHOWN_HU), _scaled(np.abs(ct - truth), 0.0, 500.0)]
    gap = np.ones((panels[0].shape[1], GAP), np.float32)
    pictures = [panel.T[::-1, ::-1] for panel in panels]
    row = np.concatenate([item for picture in pictures for item in (picture, gap)][:-1], axis=1)
    try:
        with replacement(file) as part, part.open("wb") as stream:
            imsave(stream, row, cmap="gray", vmin=0, vmax=1, format="png")
    except OSError as error:
        raise cannot_write(file, error) from error


def _scaled(values: npt.NDArray[np.float32], low: float, high: float) -> npt.NDArray[np.float32]:
    scaled: npt.NDArray[np.float32] = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return scaled
