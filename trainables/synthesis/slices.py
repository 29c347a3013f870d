"""Slices of subjects on disk: written once a run, read slice by slice by every trial.

A split is a folder with three ``.npy`` files for each subject, and a fourth where networks see
neighbouring slices as well. They are mapped and not loaded, so
that 180 subjects of 182 slices need not fit into memory. MR is stored as float16, whose rounding
error of 2**-11 of the value is a fiftieth of the smallest default radius; CT is stored as whole HU,
of which int16 holds at most 32767.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from searchspace.errors import UserError
from trainables.data.grid import Slices
from trainables.door.arrays import map_array, write_array
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.metrics.synthesis import head_mask
from trainables.runtime.arrays import Mask
from trainables.runtime.files import write_atomically
from trainables.synthesis.native import Native, read_native

# The paper adds -1000, subtracts 1250 and divides by 2500. Among the possible readings, only this
# one maps [-1000, 1500] HU onto [-0.5, 0.5]. All have the same scale, and no metric depends on it.
CENTRE_HU, SCALE_HU = 250.0, 2500.0
HU_LIMIT = 2**15 - 1  # of int16
AIR = (-1000.0 - CENTRE_HU) / SCALE_HU  # normalised
NAMES = "subjects.json"
PARTS = ("mr", "ct", "mask")
STACK = "stack"  # a fourth part, where networks see neighbouring slices


def to_normalised(hu: Tensor) -> Tensor:
    """Turn HU into what the network predicts."""
    return (hu - CENTRE_HU) / SCALE_HU


def to_hu(normalised: Tensor) -> Tensor:
    """Turn what the network predicts into HU."""
    return normalised * SCALE_HU + CENTRE_HU


@dataclass(frozen=True)
class SubjectSlices:
    """One subject: arrays on disk, (Z, S, S).

    Attributes:
        name: The subject's.
        mr: float16, standard deviations.
        ct: int16, HU.
        mask: The head.
        native: The CT on its own voxels; None where it was not written, or of a part of the slices.
        stack: The MR with neighbouring slices, float16 (Z, C, S, S); None where a network sees one.
    """

    name: str
    mr: npt.NDArray[np.float16]
    ct: npt.NDArray[np.int16]
    mask: Mask
    native: Native | None = None
    stack: npt.NDArray[np.float16] | None = None

    def __len__(self) -> int:
        return len(self.mr)

    def trimmed(self) -> "SubjectSlices":
        """Return the slices from the first to the last that shows the head; nothing is loaded."""
        rows = np.flatnonzero(self.mask.any(axis=(1, 2)))
        extent = slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(None)
        return self._part(extent)

    def widest(self) -> "SubjectSlices":
        """Return the slice that shows most of the head, as a subject of one slice."""
        row = int(self.mask.sum(axis=(1, 2)).argmax())
        return self._part(slice(row, row + 1))

    def inputs(self, row: int) -> npt.NDArray[np.float16]:
        """Return what a network sees of a slice, (C, S, S)."""
        inputs: npt.NDArray[np.float16] = (
            self.mr[row][None] if self.stack is None else self.stack[row]
        )
        return inputs

    def _part(self, rows: slice) -> "SubjectSlices":
        stack = None if self.stack is None else self.stack[rows]
        mr, ct, mask = self.mr[rows], self.ct[rows], self.mask[rows]
        return SubjectSlices(self.name, mr, ct, mask, stack=stack)


@dataclass(frozen=True)
class Split:
    """The subjects of a split; their slices are numbered from 0 in the order of the subjects."""

    subjects: tuple[SubjectSlices, ...]

    def __len__(self) -> int:
        """Count the slices."""
        return sum(len(subject) for subject in self.subjects)

    def batch(self, rows: Iterable[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Read slices by number: MR (n, C, S, S) and normalised CT (n, 1, S, S), float32.

        C is 1, and more where a network sees neighbouring slices as well.
        """
        slices = [self._find(row) for row in rows]
        mr = np.stack([subject.inputs(z) for subject, z in slices])
        ct = np.stack([subject.ct[z][None] for subject, z in slices])
        return _image(mr, device), to_normalised(_image(ct, device))

    def masks(self, rows: Iterable[int], device: torch.device) -> Tensor:
        """Read the heads of slices by number: bool (n, S, S)."""
        masks = [subject.mask[z] for subject, z in map(self._find, rows)]
        return torch.from_numpy(np.stack(masks)).to(device)

    def targets(self, rows: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Read slices by number: MR (n, C, S, S), and targets of CT and head (n, 2, S, S)."""
        mr, ct = self.batch(rows, device)
        heads = self.masks(rows, device).unsqueeze(1).to(ct.dtype)
        return mr, torch.cat([ct, heads], dim=1)

    def groups(self, limit: int) -> Iterator[tuple[int, tuple[SubjectSlices, ...]]]:
        """Group the subjects, in order: at most ``limit`` slices a group, but at least one subject.

        Yields:
            The number of the group's first slice, and its subjects.
        """
        start, size = 0, 0
        group: list[SubjectSlices] = []
        for subject in self.subjects:
            if group and size + len(subject) > limit:
                yield start, tuple(group)
                start, size, group = start + size, 0, []
            group.append(subject)
            size += len(subject)
        if group:
            yield start, tuple(group)

    def trimmed(self) -> "Split":
        """Return the subjects without the slices above and below their heads."""
        return Split(tuple(subject.trimmed() for subject in self.subjects))

    def widest(self, count: int) -> "Split":
        """Return, of the first ``count`` subjects, the slice that shows most of the head."""
        return Split(tuple(subject.widest() for subject in self.subjects[:count]))

    def _find(self, row: int) -> tuple[SubjectSlices, int]:
        """Return the subject of a slice, and the slice's number within it."""
        if not 0 <= row < self._ends[-1]:
            raise IndexError(f"no slice {row} of {len(self)}")
        number = bisect_right(self._ends, row)
        subject = self.subjects[number]
        return subject, row - self._ends[number] + len(subject)

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """Count the slices up to and with each subject."""
        return tuple(accumulate(len(subject) for subject in self.subjects))


def write_split(folder: Path, subjects: Iterable[Slices], owners: dict[bytes, str]) -> str:
    """Write the subjects of a split, one at a time, and return the SHA-256 of all they hold.

    Where a subject has no head mask, one is made from its CT.

    Args:
        folder: Made here where it does not exist.
        subjects: Read one at a time.
        owners: The name of the subject by the digest of its MR, for all splits so far; the subjects
            of this one are added.

    Raises:
        UserError: If a subject's CT has no head, or two subjects have the same MR.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sha, names = hashlib.sha256(), []
    for number, subject in enumerate(subjects):
        mask = head_mask(subject.ct) if subject.mask is None else subject.mask
        if not mask.any():
            raise UserError(
                f"subject '{subject.name}' shows no head within the field: "
                "check its CT and mask, or widen --field"
            )
        hu = np.rint(subject.ct).clip(-HU_LIMIT - 1, HU_LIMIT)  # 32768 would become -32768
        arrays = (subject.mr.astype(np.float16), hu.astype(np.int16), mask)
        parts = dict(zip(PARTS, arrays, strict=True))
        if subject.stack is not None:
            parts[STACK] = subject.stack.astype(np.float16)
        for part, array in parts.items():
            write_array(folder / f"{number:04d}_{part}.npy", array)
            sha.update(np.ascontiguousarray(array).data)
        owner = owners.setdefault(digest_of(arrays[0]), subject.name)
        if owner != subject.name:
            raise UserError(f"subjects '{owner}' and '{subject.name}' have the same MR: remove one")
        names.append(subject.name)
    write_atomically(folder / NAMES, json.dumps(names) + "\n")
    return sha.hexdigest()


def digest_of(mr: npt.NDArray[np.float16]) -> bytes:
    """Return the SHA-256 of a subject's MR, by which the same MR under two names is noticed."""
    return hashlib.sha256(mr.tobytes()).digest()


def read_split(folder: Path) -> Split:
    """Map the files that `write_split` wrote; no slice is loaded yet."""
    names = read_json(inside(folder, NAMES))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{folder / NAMES} is no list of names")
    return Split(tuple(_read_subject(folder, *pair) for pair in enumerate(names)))


def _read_subject(folder: Path, number: int, name: str) -> SubjectSlices:
    """Map the arrays of a subject.

    Raises:
        UserError: If a file is missing, or the three are not of one shape.
    """
    files = [inside(folder, f"{number:04d}_{part}.npy") for part in PARTS]
    try:
        mr, ct, mask = (map_array(file) for file in files)
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: start a new run") from None
    if mr.ndim != 3 or not mr.shape == ct.shape == mask.shape or mask.dtype != np.bool_:
        raise UserError(f"{files[0]} and the two beside it are not of one shape: start a new run")
    file, stack = inside(folder, f"{number:04d}_{STACK}.npy"), None
    if file.is_file():
        stack = map_array(file)
        if stack.ndim != 4 or (len(stack), *stack.shape[2:]) != mr.shape:
            raise UserError(f"{file} is not of the shape of {files[0]}: start a new run")
    return SubjectSlices(name, mr, ct, mask, read_native(folder, number), stack)


def _image(array: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.from_numpy(array.astype(np.float32)).to(device)
