"""Pairs of MR and CT volumes on disk, one folder a subject, as NIfTI or MetaImage.

Opening a folder reads headers only; a subject's voxels are read when it is loaded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from searchspace.errors import UserError
from trainables.data.metaimage import SUFFIXES as METAIMAGES
from trainables.data.nifti import Grid, check_body, digest_of, read_grid, read_voxels
from trainables.runtime.arrays import Floats32, Mask
from trainables.runtime.encoding import is_utf8, printable

PARTS = ("mr", "ct", "mask")
SUFFIXES = (".nii", ".nii.gz", *METAIMAGES)  # in capitals, too
NAMES_SHOWN = 3  # of the files that are there, where one is missing
TOLERANCE = 0.25  # of the least side of a voxel, by which files of one subject may lie apart
THIN = 8  # times as wide along both other axes: a few sagittal or coronal slices, not axial ones

# A CT in HU holds air, so values below -200, none below what scanners pad with, and bone, up to
# metal. Images in [0, 1], [-1, 1], 0..255 or with 1000 or 1024 added lack one of the two.
LEAST_HU, AIR_HU, BONE_HU, MOST_HU = -4096.0, -200.0, 255.0, 32768.0
# Padding hides that, so the tissue is looked at, too. What is bright in MR is fat, soft tissue and
# marrow: on 120 real heads 86 % of it, and on phantoms 67 %, lies between these, of heads with an
# offset of 1000 HU at most 5 %. Refused is tissue that lies elsewhere, close together.
SOFT_HU, LEAST_SOFT = (-250.0, 300.0), 0.15
CLOSE_HU, MOST_CLOSE = 200.0, 0.5
PADDED_HU = -1100.0  # lower than air and its noise

NOISE = 1e-3  # by which values of a mask may miss whole numbers
LEVELS = 8  # whole numbers above 0 of a mask, above which it may be a resampled one and no labels
INSIDE = 0.5  # of the head, in a voxel of a resampled mask
MOST_UNIT = 1.5  # a resampled mask of 0 and 1 overshoots, but not so far
# Of a resampled mask of two values half and more of what is above FAINT lies around one height.
FAINT, AROUND, LEAST_AROUND = 0.05, 0.25, 0.5

PADDED = (
    f"CT below {PADDED_HU:g} HU, which no tissue has: padding of the scanner, or metal. It is "
    "kept; set it to -1000 to have air"
)
RESAMPLED = "mask was resampled: voxels of at least half its height are the head"
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Scan:
    """A subject's voxels, axes towards right, anterior, superior.

    Attributes:
        mr: float32 (X, Y, Z), as stored.
        ct: float32 (X, Y, Z), HU; None where there is none.
        mask: The head, (X, Y, Z); None where there is none.
        spacing: Millimetres between voxels, along each axis.
        notes: What a person should know of the files; the same words for every subject.
    """

    mr: Floats32
    ct: Floats32 | None
    mask: Mask | None
    spacing: tuple[float, float, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Volume(Scan):
    """The voxels of a subject who has a CT."""

    ct: Floats32


class Subject(Protocol):
    """One of whom there is an MR and a CT."""

    @property
    def name(self) -> str:
        """What the subject is called; no other is called so."""

    def load(self) -> Volume:
        """Read or make the volume."""

    def digests(self) -> dict[str, str]:
        """Return a SHA-256 of what each part (mr, ct, maybe mask) holds, by part."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis; none of them is read."""


@dataclass(frozen=True)
class FolderSubject:
    """A subject's files.

    Attributes:
        name: The folder's.
        mr: NIfTI file.
        ct: NIfTI file, or None.
        mask: NIfTI file of the head, not 0 inside; or None.
    """

    name: str
    mr: Path
    ct: Path | None
    mask: Path | None

    def load(self) -> Volume:
        """Read the voxels of all that training needs.

        Raises:
            UserError: If there is no CT, or as `read`.
        """
        scan = self.read()
        if scan.ct is None:
            raise UserError(f"subject '{self.name}' has no ct")
        return Volume(scan.mr, scan.ct, scan.mask, scan.spacing, scan.notes)

    def read(self) -> Scan:
        """Read the voxels of all files.

        Raises:
            UserError: If a file is damaged, the MR or CT holds NaN, the MR is constant, the mask
                empty or no mask, or the CT not in HU: it must reach below -200 and above 255, stay
                within -4096 and 32768, and have soft tissue where the MR is bright.
        """
        mr = self._ask(read_voxels, self.mr)
        if mr.min() == mr.max():
            raise self._fault(self.mr, f"is {mr.min():g} everywhere: it shows nothing")
        ct = None if self.ct is None else self._hu(self.ct)
        notes = [PADDED] if ct is not None and ct.min() < PADDED_HU else []
        mask = None
        if self.mask is not None:
            mask, resampled = self._head(self.mask)
            notes += [RESAMPLED] if resampled else []
        if self.ct is not None and ct is not None:
            self._check_tissue(self.ct, mr, ct, mask)
        spacing = self._ask(read_grid, self.mr).spacing
        return Scan(mr, ct, mask, spacing, tuple(notes))

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each file, by part.

        Raises:
            UserError: If one cannot be read.
        """
        files = zip(PARTS, (self.mr, self.ct, self.mask), strict=True)
        return {part: self._ask(digest_of, file) for part, file in files if file is not None}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis, from the header of the MR.

        Raises:
            UserError: If it cannot be read.
        """
        return self._ask(read_grid, self.mr).shape

    def check(self) -> None:
        """Check what the headers tell: dimensions, shapes and positions.

        Raises:
            UserError: With the subject, the file and what is wrong.
        """
        reference = self._ask(read_grid, self.mr)
        x, y, z = np.multiply(reference.shape, reference.spacing).tolist()
        if min(reference.shape[:2]) == 1 or THIN * min(x, y) < min(max(x, y), z):
            raise self._fault(
                self.mr, f"covers {x:.3g} x {y:.3g} x {z:.3g} mm from left to right, back to front "
                "and below to above: that is no axial slice, but a few sagittal or coronal ones; "
                "give axial slices or whole heads"
            )  # fmt: skip
        for file in filter(None, (self.ct, self.mask)):
            self._check_grid(file, reference)

    def _check_grid(self, file: Path, reference: Grid) -> None:
        grid = self._ask(read_grid, file)
        if grid.shape != reference.shape:
            raise self._fault(
                file, f"has shape {grid.shape}, {self.mr.name} {reference.shape}: "
                "register them to one grid"
            )  # fmt: skip
        distance, allowed = grid.distance(reference), TOLERANCE * min(reference.spacing)
        if distance > allowed:
            raise self._fault(
                file, f"has another affine than {self.mr.name}, by which voxels lie up to "
                f"{distance:.3g} mm apart ({allowed:.2g} mm are allowed): register them to one grid"
            )  # fmt: skip

    def _hu(self, file: Path) -> Floats32:
        """Read the CT; refuse one whose range is not that of HU."""
        ct = self._ask(read_voxels, file)
        low, high = float(ct.min()), float(ct.max())
        if not (LEAST_HU <= low < AIR_HU and BONE_HU < high <= MOST_HU):
            raise self._fault(
                file, f"runs from {low:g} to {high:g}, which is not HU: air is -1000, bone 1000"
            )
        return ct

    def _head(self, file: Path) -> tuple[Mask, bool]:
        """Read the mask, and whether it was resampled."""
        values = self._ask(read_voxels, file)
        try:
            mask, resampled = head_of(values)
        except ValueError as error:
            raise self._fault(file, str(error)) from None
        if not mask.any():
            reach = f" (it reaches {np.abs(values).max():.3g})" if values.any() else ""
            raise self._fault(file, f"is empty{reach}: leave it out or mark the head")
        return mask, resampled

    def _check_tissue(self, file: Path, mr: Floats32, ct: Floats32, mask: Mask | None) -> None:
        """Refuse a CT whose soft tissue is not that of HU, whatever its padding is."""
        bright = mr > mr.mean(dtype=np.float64)
        if mask is not None and (bright & mask).any():
            bright &= mask
        tissue = ct[bright]
        soft = np.count_nonzero((tissue > SOFT_HU[0]) & (tissue < SOFT_HU[1]))
        if soft >= LEAST_SOFT * tissue.size:
            return
        median = float(np.median(tissue))
        if np.count_nonzero(np.abs(tissue - median) < CLOSE_HU) >= MOST_CLOSE * tissue.size:
            raise self._fault(
                file, f"is not HU: where {self.mr.name} is bright its median is {median:.0f}, "
                f"but soft tissue is 40; take away the offset of about {median - 40:.0f}, and "
                "leave the padding"
            )  # fmt: skip

    def _ask(self, read: Callable[[Path], Result], file: Path) -> Result:
        try:
            return read(file)
        except UserError as error:
            raise UserError(f"subject '{self.name}': {error}") from None

    def _fault(self, file: Path, what: str) -> UserError:
        """Say what is wrong with a file that is not damaged; raise where it is."""
        self._ask(check_body, file)
        return UserError(f"subject '{self.name}': {file} {what}")


def head_of(values: Floats32) -> tuple[Mask, bool]:
    """Find the head in a mask, (X, Y, Z).

    Whole numbers are labels, and all but 0 is head. Where a mask of two values was resampled, there
    are others between them, and the head is what has at least half their height.

    Returns:
        The head, and whether the mask was resampled.

    Raises:
        ValueError: If the values do not tell what is head.
    """
    low, peak = float(values.min()), float(values.max())
    if -low > peak:
        values, low, peak = -values, -peak, -low
    head = values != 0
    if peak <= NOISE:
        return np.zeros_like(head), False
    if not np.any(head & (values != peak)):
        return head, False
    labels = np.rint(values)
    height = float(np.median(values[values > peak / 2]))
    around = np.count_nonzero(np.abs(values - height) < AROUND * height)
    flat = around >= LEAST_AROUND * np.count_nonzero(values > FAINT * height)
    if np.all(np.abs(values - labels) <= NOISE):
        levels = np.unique(labels)
        if len(levels) <= LEVELS or not flat:
            if len(levels) > 1 and levels.all():
                raise ValueError("marks every voxel, by several values: write 0 outside the head")
            return labels != 0, False
    elif peak <= MOST_UNIT and low > -INSIDE:
        height = 1.0
    elif not flat:
        raise ValueError(
            f"holds fractions up to {peak:.3g}, which are neither labels nor a head: resample it "
            "with nearest neighbours, or write 1 inside and 0 outside"
        )
    return values >= INSIDE * height, True


def open_mrs(root: Path) -> tuple[FolderSubject, ...]:
    """Open a folder as `open_folder` does, where a subject needs no CT.

    Raises:
        UserError: If there are no subjects, or one lacks an MR or has files that do not pair.
    """
    return _open(root, paired=False)


def open_folder(root: Path) -> tuple[FolderSubject, ...]:
    """Open a folder that holds one folder a subject, sorted by name; the layout of SynthRAD2023.

    Files are ``mr``, ``ct`` and optionally ``mask``, each ``.nii``, ``.nii.gz``, ``.mha`` or
    ``.mhd``, in small letters or capitals. The rest is ignored, see `ignored`.

    Raises:
        UserError: If there are no subjects, or one lacks a file or has files that do not pair.
    """
    return _open(root, paired=True)


def ignored(root: Path) -> tuple[str, ...]:
    """List what `open_folder` ignores though it may hold data: other folders, NIfTI, and links.

    Such are SynthRAD2023's ``overview``, which holds pictures, and the folders of another format.
    Hidden entries are not listed.
    """
    return tuple(
        printable(entry.name)
        for entry in _entries(root)
        if not _may_be_subject(entry)
        and (entry.is_dir() or _is_broken_link(entry) or entry.name.lower().endswith(SUFFIXES))
    )


def _open(root: Path, *, paired: bool) -> tuple[FolderSubject, ...]:
    folders = [entry for entry in _entries(root) if _may_be_subject(entry)]
    if not folders:
        files = "mr.nii.gz and ct.nii.gz" if paired else "mr.nii.gz"
        raise UserError(f"no subjects in {root}: expected folders that hold {files}")
    subjects = tuple(_subject(folder, paired=paired) for folder in folders)
    for subject in subjects:
        subject.check()
    return subjects


def _entries(folder: Path) -> list[Path]:
    """List what is in a folder by name, without hidden entries.

    Raises:
        UserError: If it cannot be listed, or its path is not UTF-8.
    """
    if not is_utf8(folder):
        raise UserError(f"the name of {printable(folder)} is not UTF-8: rename the folder")
    if _is_broken_link(folder):
        raise UserError(f"{folder} is a link that leads nowhere: fetch the data it stands for")
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}: name one that holds a folder for each subject"
        )
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UserError(f"cannot list {folder}: {error.strerror or error}") from None


def _may_be_subject(path: Path) -> bool:
    """Tell whether an entry is a subject's folder, or one that lacks something."""
    if not path.is_dir():
        return _is_broken_link(path) and not path.suffix  # of a folder that was not fetched
    entries = _entries(path)
    # An empty folder may be one whose copying failed: `_subject` says what it lacks.
    return not entries or any(
        entry.name.lower().endswith(SUFFIXES) or entry.name.lower().split(".")[0] in PARTS
        for entry in entries
    )


def _subject(folder: Path, *, paired: bool) -> FolderSubject:
    """Find the files of a subject.

    Raises:
        UserError: If one is missing, twice there, or no file.
    """
    entries = _entries(folder)
    mr, ct, mask = (_file(part, entries, folder) for part in PARTS)
    if mr is None or (ct is None and paired):
        missing = "mr" if mr is None else "ct"
        names = ", ".join(printable(entry.name) for entry in entries[:NAMES_SHOWN])
        raise UserError(
            f"subject '{folder.name}' has no {missing}: expected {missing}.nii or "
            f"{missing}.nii.gz in {folder}" + (f", which holds {names}" if names else "")
        )
    return FolderSubject(folder.name, mr, ct, mask)


def _file(part: str, entries: list[Path], folder: Path) -> Path | None:
    """Return the file of a part of a subject; None where there is none."""
    names = [part + suffix for suffix in SUFFIXES]
    files = [entry for entry in entries if entry.name.lower() in names]
    if len(files) > 1:
        raise UserError(
            f"subject '{folder.name}': both {files[0].name} and {files[1].name} "
            f"in {folder}: remove one"
        )
    for file in files:
        if _is_broken_link(file):
            raise UserError(
                f"subject '{folder.name}': {file} is a link that leads nowhere "
                f"({printable(file.readlink())}): fetch the data it stands for"
            )
        if not file.is_file():
            raise UserError(f"subject '{folder.name}': {file} is no file: name it otherwise")
    return files[0] if files else None


def _is_broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()
