"""The contents of a run's data: digests of its items, recorded once and found again later.

An item is an image with its label, or a subject. Names alone do not say what an item holds: a file
is replaced, an image is added and all later numbers shift. So a run records a digest of each item
when it is prepared. Whatever opens the data later finds the recorded items by their digests, or
refuses and names what changed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from searchspace.words import listed
from trainables.data.dataset import Images

Items = Mapping[str, str]
"""The digest of each item by its name, in the order of the data."""

PixelDigests = npt.NDArray[np.uint64]
"""A digest of 8 bytes for each image, of its pixels alone, (N,)."""

NAMED = 5  # items that a message names


def digest_of(*arrays: npt.NDArray[Any]) -> str:
    """Compute the digest of an item, as 32 hexadecimal digits, from type, shape and values.

    Args:
        arrays: All that the item consists of, such as pixels and label, always in the same order.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def image_items(images: Images) -> dict[str, str]:
    """Compute the digest of each image and its label, by its number."""
    pairs = zip(images.pixels, images.labels, strict=True)
    return {
        str(number): digest_of(pixels, np.asarray(label))
        for number, (pixels, label) in enumerate(pairs)
    }


def pixel_digests(pixels: npt.NDArray[np.uint8]) -> PixelDigests:
    """Compute a short digest of each image, whatever its label, to tell images of two runs.

    Args:
        pixels: (N, ...).
    """
    return np.array([int(digest_of(image)[:16], 16) for image in pixels], np.uint64)


def find_items(source: str, kind: str, recorded: Items, present: Items) -> dict[str, str]:
    """Find each recorded item among those that are present, by its content.

    An item may have another name or place than before, and further items may have been added. Of
    two items with the same content each is found once.

    Args:
        source: Where the items come from, for the message: a dataset or a folder.
        kind: What the items are, for the message, in the plural.
        recorded: Those that the run was prepared with.
        present: Those that are there now.

    Returns:
        The present name of each recorded item, in the order of the record.

    Raises:
        UserError: If an item is missing or has other content; in one line that names it.
    """
    names = _match(recorded, present)
    absent = [name for name in recorded if name not in names]
    if not absent:
        return names
    contents = set(recorded.values())
    changed = [name for name in absent if name in present and present[name] not in contents]
    missing = [name for name in absent if name not in changed]
    parts = [
        f"{len(group)} of {len(recorded)} {words} ({listed(group, NAMED)})"
        for group, words in ((changed, "have other content"), (missing, "are missing"))
        if group
    ]
    raise UserError(
        f"{source}: the {kind} are not those that the run was prepared with: "
        f"{' and '.join(parts)}; restore the data, or start a new run"
    )


def check_items(source: str, kind: str, recorded: Items, present: Items) -> None:
    """Make sure that the items are the recorded ones, in the same order; names do not matter.

    Args:
        source: Where the items come from, for the message.
        kind: What the items are, for the message, in the plural.
        recorded: Those that the run was prepared with.
        present: Those that are there now.

    Raises:
        UserError: If they are not; in one line that says what changed.
    """
    if list(recorded.values()) == list(present.values()):
        return
    find_items(source, kind, recorded, present)
    added = added_items(recorded, present)
    change = f"{len(added)} were added" if added else "their order changed"
    raise UserError(
        f"{source}: the {kind} are not those that the run was prepared with: {change}; "
        "restore the data, or start a new run"
    )


def added_items(recorded: Items, present: Items) -> list[str]:
    """List the present items that are none of the recorded ones, by content, in their order."""
    names = set(_match(recorded, present).values())
    return [name for name in present if name not in names]


def _match(recorded: Items, present: Items) -> dict[str, str]:
    """Pair recorded and present names of equal content; an equal name comes first."""
    names = {name: name for name, digest in recorded.items() if present.get(name) == digest}
    free: dict[str, list[str]] = defaultdict(list)
    for name, digest in reversed(list(present.items())):
        if name not in names:
            free[digest].append(name)
    for name, digest in recorded.items():
        if name not in names and free[digest]:
            names[name] = free[digest].pop()
    return {name: names[name] for name in recorded if name in names}
