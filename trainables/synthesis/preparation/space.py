"""The disk that slices take, predicted from headers before any voxel is read."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from searchspace.errors import UserError
from trainables.data.volumes import Subject
from trainables.study.study import Say
from trainables.synthesis.settings import SynthesisSettings

PIXEL_BYTES = 5  # MR as float16, CT as int16, head
STACK_BYTES = 2  # each slice of the MR that is seen with another one
VOXEL_BYTES = 3  # CT and head on the subject's own voxels
SAID = 100e6  # bytes from which it is worth a word
SPARE = 1.05


def predict_bytes(
    subjects: Mapping[str, Subject],
    names: Mapping[str, Sequence[str]],
    settings: SynthesisSettings,
    *,
    native: bool,
) -> int:
    """Predict the bytes that `write_data` writes; only headers are read.

    Args:
        subjects: By recorded name.
        names: Of the subjects of each split.
        settings: Of the run.
        native: Whether the CT is written on its own voxels as well.
    """
    total, pixels = 0, settings.size**2
    each = PIXEL_BYTES + (STACK_BYTES * settings.channels if settings.neighbours else 0)
    for split, members in names.items():
        limit = settings.rank_slices if split in {"val", "ranking"} else None
        for name in members:
            x, y, slices = subjects[name].shape
            count = slices if limit is None else min(limit, slices)
            total += each * count * pixels + (VOXEL_BYTES * x * y * slices if native else 0)
    return total


def check_space(folder: Path, need: int, say: Say) -> None:
    """Say what slices will take of the disk, and refuse where there is less.

    Args:
        folder: Where they are written; it need not exist yet.
        need: Bytes.
        say: Receives a sentence where that is worth a word.

    Raises:
        UserError: If the disk has less space.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if need >= SAID:
        say(
            f"slices will take {need / 1e9:.2g} GB of {free / 1e9:.3g} GB that are free; "
            "--pool shares them"
        )
    if free < SPARE * need:
        raise UserError(
            f"slices would take {need / 1e9:.3g} GB, but {existing} has {free / 1e9:.3g} GB: give "
            "another place, a smaller --size or --rank-slices"
        )
