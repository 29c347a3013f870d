"""Along which axis of the slices the patient's left and right lie, as the heads show it.

Headers may say otherwise: where a file was converted carelessly, front-to-back is called
left-to-right. Heads are nearly symmetric left to right, and not front to back. Mirrored along the
wrong axis, half of all training slices would show heads that nobody has.
"""

from typing import Literal

import numpy as np

from trainables.runtime.arrays import Floats32
from trainables.synthesis.slices import Split, SubjectSlices

Axis = Literal["auto", "first", "second"]
MOST = 32  # subjects that are looked at
SURE = 0.75  # share of subjects that must look exchanged
LEAST = 4  # subjects, below which the headers are believed
WINDOW = (-1000.0, 1500.0)  # HU


def find_left_right(split: Split, axis: Axis) -> tuple[Axis, tuple[str, ...]]:
    """Choose the axis along which slices may be mirrored.

    Args:
        split: Subjects whose heads are looked at.
        axis: ``first`` or ``second``, which stays; ``auto`` to look.

    Returns:
        ``first`` (as the headers say) or ``second``, and sentences for the reader.
    """
    if axis != "auto":
        return axis, ()
    subjects = split.subjects[:MOST]
    exchanged = sum(_looks_exchanged(subject) for subject in subjects)
    if len(subjects) < LEAST or exchanged < SURE * len(subjects):
        return "first", ()
    note = (
        f"in {exchanged} of {len(subjects)} subjects heads are symmetric along the axis that the "
        "headers call back to front, so left and right look exchanged with it: slices are mirrored "
        "along that axis (--left-right first to mirror as the headers say)"
    )
    return "second", (note,)


def asymmetries(ct: Floats32, head: np.ndarray) -> tuple[float, float]:
    """Measure how far a slice differs from its mirror image along both axes, in HU.

    Args:
        ct: HU, (S, S).
        head: Its mask, (S, S); the mirror lies in the middle of what it covers.
    """
    rows, columns = (np.flatnonzero(head.any(axis=axis)) for axis in (1, 0))
    part = np.clip(ct, *WINDOW)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    first, second = (float(np.abs(part - np.flip(part, axis)).mean()) for axis in (0, 1))
    return first, second


def _looks_exchanged(subject: SubjectSlices) -> bool:
    widest = subject.widest()
    head = np.asarray(widest.mask[0], dtype=bool)
    if not head.any():
        return False
    first, second = asymmetries(widest.ct[0].astype(np.float32), head)
    return first > second
