"""A subject's CT on its own voxels, where predictions of slices are scored as well.

Networks see pixels that may be wider than voxels. There the truth is averaged, too, so the error
that is measured on pixels is smaller than that of the CT that a person would use.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.grid import AIR_HU, from_slices
from trainables.data.volumes import Volume
from trainables.door.arrays import map_array, write_array
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.metrics.synthesis import Truth, head_mask, truth_of
from trainables.runtime.arrays import Floats32, Mask
from trainables.runtime.files import write_atomically

LIMITS = -(2**15), 2**15 - 1  # of int16
PARTS = ("native_ct", "native_head")


@dataclass(frozen=True, eq=False)
class Native:
    """One subject: arrays on disk, (X, Y, Z).

    Attributes:
        ct: int16, HU.
        head: Its mask.
        spacing: Millimetres between voxels, along each axis.
        field_mm: What the slices cover, in mm.
    """

    ct: npt.NDArray[np.int16]
    head: Mask
    spacing: tuple[float, float, float]
    field_mm: float

    @cached_property
    def truth(self) -> Truth:
        """The CT with its regions, slices first, (Z, X, Y); computed once."""
        ct, head = np.asarray(self.ct), np.asarray(self.head)
        return truth_of(np.moveaxis(ct, 2, 0), np.moveaxis(head, 2, 0))

    def on_voxels(self, slices: Floats32) -> Floats32:
        """Bring predicted slices (Z, S, S), HU, onto the voxels, slices first, (Z, X, Y)."""
        volume = from_slices(slices, self.ct.shape, self.spacing, self.field_mm, AIR_HU)
        return np.ascontiguousarray(np.moveaxis(volume, 2, 0))


def write_native(folder: Path, number: int, volume: Volume, field_mm: float) -> None:
    """Write a subject's CT and head, as `read_native` reads them.

    Args:
        folder: Of the split.
        number: Of the subject within it.
        volume: As it was read.
        field_mm: What the slices cover, in mm.
    """
    head = volume.mask
    if head is None:
        head = np.moveaxis(head_mask(np.moveaxis(volume.ct, 2, 0)), 0, 2)
    ct = np.rint(volume.ct).clip(*LIMITS).astype(np.int16)
    for part, array in zip(PARTS, (ct, head), strict=True):
        write_array(folder / f"{number:04d}_{part}.npy", array)
    about = {"spacing": list(volume.spacing), "field_mm": field_mm}
    write_atomically(folder / f"{number:04d}_native.json", json.dumps(about) + "\n")


def read_native(folder: Path, number: int) -> Native | None:
    """Map what `write_native` wrote; None where there is nothing.

    Raises:
        UserError: If a file is damaged.
    """
    file = inside(folder, f"{number:04d}_native.json")
    if not file.is_file():
        return None
    try:
        about = read_json(file)
        ct, head = (map_array(inside(folder, f"{number:04d}_{part}.npy")) for part in PARTS)
        x, y, z = (float(side) for side in about["spacing"])
        native = Native(ct, head, (x, y, z), float(about["field_mm"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} and the arrays beside it are damaged: {error}") from None
    if ct.ndim != 3 or ct.shape != head.shape or head.dtype != np.bool_:
        raise UserError(f"the arrays beside {file} are not of one shape: start a new folder")
    return native
