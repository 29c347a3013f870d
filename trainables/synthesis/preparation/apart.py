"""Test subjects are apart from those by which earlier runs chose what a run starts from.

The splits of two runs differ with ``--data-seed``, a site, or what the folder held. So subjects are
compared by content, as the records of both runs have it: by the voxels of MR and CT, whatever file
they are packed in, and by the files, which are all that records of earlier versions have.
"""

from collections.abc import Collection
from pathlib import Path

from searchspace.errors import UserError
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.synthesis.preparation.assets import SUBJECTS
from trainables.synthesis.preparation.record import read_record


def used_items(assets: Path) -> tuple[str, ...]:
    """Return SHA-256 of each MR and CT that trains, chooses or ranks in a run.

    Args:
        assets: Of the run.

    Raises:
        UserError: If there is no record, as in runs of earlier versions, or a file is damaged.
    """
    record, file = read_record(assets), inside(assets, SUBJECTS)
    try:
        names = [name for split in read_json(file).values() for name in split]
        return tuple(digest for name in names for digest in record.personal(name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is missing or damaged: restore it, or search again") from None


def check_apart(assets: Path, items: Collection[str]) -> None:
    """Refuse test subjects of which an MR or CT was used before.

    Args:
        assets: Of the run that keeps them as test.
        items: Of `used_items` of the runs that it starts from.

    Raises:
        UserError: If there is one.
    """
    record, digests = read_record(assets), set(items)
    names = record.splits.test
    used = [name for name in names if not digests.isdisjoint(record.personal(name))]
    if used:
        raise UserError(
            f"{len(used)} of {len(names)} test subjects of this run trained, chose or ranked in "
            "a run that it starts from: give the --data-seed and --test-site of that run, or "
            "search without --warm-start"
        )
