"""Slices of subjects on disk: written once a run, read slice by slice by every trial.

A split is a folder with three ``.npy`` files a subject, which are mapped and not loaded: 180
subjects of 182 slices never need their size in memory. MR is kept as float16, whose rounding error
of 2**-11 of the value is a fiftieth of the smallest default radius; CT as whole HU.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from searchspace.errors import UserError
from trainables.data.grid import Slices
from trainables.metrics.synthesis import head_mask

# The paper adds -1000, subtracts 1250 and divides by 2500; of the readings only this one maps
# [-1000, 1500] HU onto [-0.5, 0.5]. Each is affine with the same scale: no metric depends on it.
CENTRE_HU, SCALE_HU = 250.0, 2500.0
NAMES = "subjects.json"
PARTS = ("mr", "ct", "mask")


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
    """

    name: str
    mr: npt.NDArray[np.float16]
    ct: npt.NDArray[np.int16]
    mask: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.mr)

    def widest(self) -> "SubjectSlices":
        """Return the one slice that shows most of the head."""
        place = int(self.mask.sum(axis=(1, 2)).argmax())
        rows = slice(place, place + 1)
        return SubjectSlices(self.name, self.mr[rows], self.ct[rows], self.mask[rows])


@dataclass(frozen=True)
class Split:
    """The subjects of a split, and their slices in one numbering."""

    subjects: tuple[SubjectSlices, ...]

    def __len__(self) -> int:
        """Count the slices."""
        return sum(len(subject) for subject in self.subjects)

    def batch(self, rows: Iterable[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Read slices by number: MR and normalised CT, float32 (n, 1, S, S)."""
        places = [self._place(row) for row in rows]
        mr = np.stack([subject.mr[z] for subject, z in places])
        ct = np.stack([subject.ct[z] for subject, z in places])
        return _image(mr, device), to_normalised(_image(ct, device))

    def masks(self, rows: Iterable[int], device: torch.device) -> Tensor:
        """Read the heads of slices by number: bool (n, S, S)."""
        masks = [subject.mask[z] for subject, z in map(self._place, rows)]
        return torch.from_numpy(np.stack(masks)).to(device)

    def groups(self, most: int) -> Iterator[tuple[int, tuple[SubjectSlices, ...]]]:
        """Go through whole subjects in groups of at most so many slices, but at least one subject.

        Yields:
            The number of the group's first slice, and its subjects.
        """
        start, held = 0, 0
        group: list[SubjectSlices] = []
        for subject in self.subjects:
            if group and held + len(subject) > most:
                yield start, tuple(group)
                start, held, group = start + held, 0, []
            group.append(subject)
            held += len(subject)
        if group:
            yield start, tuple(group)

    def widest(self, most: int) -> "Split":
        """Return, of at most so many subjects, the one slice that shows most of the head."""
        return Split(tuple(subject.widest() for subject in self.subjects[:most]))

    def _place(self, row: int) -> tuple[SubjectSlices, int]:
        for subject in self.subjects:
            if row < len(subject):
                return subject, row
            row -= len(subject)
        raise IndexError(f"no slice {row} beyond the last")


def write_split(folder: Path, subjects: Iterable[Slices], known: dict[bytes, str]) -> str:
    """Write the subjects of a split, one at a time, and return the SHA-256 of all they hold.

    A head mask is made from the CT where a subject has none.

    Args:
        folder: Made here.
        subjects: Taken one at a time.
        known: Digests of the MR seen in this and other splits, and whose they are; added to.

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
        arrays = (subject.mr.astype(np.float16), np.rint(subject.ct).astype(np.int16), mask)
        for part, array in zip(PARTS, arrays, strict=True):
            np.save(folder / f"{number:04d}_{part}.npy", array, allow_pickle=False)
            sha.update(np.ascontiguousarray(array).data)
        same = known.setdefault(digest_of(arrays[0]), subject.name)
        if same != subject.name:
            raise UserError(f"subjects '{same}' and '{subject.name}' have the same MR: remove one")
        names.append(subject.name)
    (folder / NAMES).write_text(json.dumps(names) + "\n", encoding="utf-8")
    return sha.hexdigest()


def digest_of(mr: npt.NDArray[np.float16]) -> bytes:
    """Return the SHA-256 of a subject's MR."""
    return hashlib.sha256(mr.tobytes()).digest()


def read_split(folder: Path) -> Split:
    """Map what `write_split` wrote."""
    names = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    return Split(
        tuple(
            SubjectSlices(
                name,
                *(
                    np.load(folder / f"{number:04d}_{part}.npy", mmap_mode="r", allow_pickle=False)
                    for part in PARTS
                ),
            )
            for number, name in enumerate(names)
        )
    )


def _image(array: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.from_numpy(array.astype(np.float32)).to(device).unsqueeze(1)
