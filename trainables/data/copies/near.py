"""Near copies: images so alike that they are one observation and not two.

Official splits may share frames of one examination: 44 of the 156 test images of BreastMNIST have a
near copy among the training images. A network is right on these for having seen them, and 4 groups
even disagree in their labels. So near copies are grouped before anything is split.

A *group* is all images that are connected by pairs of near copies (`trainables.data.copies.pairs`).
Chains may be long, as from slice to slice through a volume; more than `LARGEST` images in a chain
say little of one another and are no group. Of these the pairs alone count. The largest groups that
were measured have 4 images (breastmnist), 3 (pneumoniamnist) and 1 (adrenalmnist3d, phantom).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from trainables.data.copies.contents import digest_of
from trainables.data.copies.pairs import CORRELATION, RMS, Numbers, Selection, near_pairs
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, OfficialSplit
from trainables.runtime.arrays import Mask

CHAINED = -1  # the group of the images of a longer chain
LARGEST = 100  # images of a group
FOLD = 1_000_000  # pairs that are held at a time


@dataclass(frozen=True, eq=False, kw_only=True)
class NearCopies:
    """Which images of a dataset are near copies of one another.

    Attributes:
        groups: By official split, the number of each image's group, (N,); an image without near
            copies is a group of its own, and `CHAINED` images are in none.
        near: By two official splits, whether each image of the first has a near copy in the second:
            in its group or, where it is chained, in a pair with it; (N,).
        pairs: How many pairs of near copies there are.
        n_groups: How many groups of two images or more.
        n_images: How many images are in these.
        n_chained: How many images are chained.
        largest: Images of the largest group; 1 where no image has a near copy.
        disagreeing: How many groups of two images or more hold different labels.
    """

    groups: Mapping[OfficialSplit, Numbers]
    near: Mapping[tuple[OfficialSplit, OfficialSplit], Mask]
    pairs: int
    n_groups: int
    n_images: int
    n_chained: int
    largest: int
    disagreeing: int

    @property
    def counts(self) -> dict[str, Any]:
        """How many there are, as JSON values."""
        return {
            "pairs": self.pairs,
            "groups": self.n_groups,
            "images": self.n_images,
            "chained": self.n_chained,
            "largest": self.largest,
            "disagreeing": self.disagreeing,
        }

    @property
    def line(self) -> str:
        """How many of how many, in a sentence."""
        count = sum(map(len, self.groups.values()))
        rule = f"root mean square below {RMS:g}, correlation above {CORRELATION:g}"
        if not self.pairs:
            return f"Near copies ({rule}): none among {count} images."
        chained = f", {self.n_chained} more in long chains" if self.n_chained else ""
        return (
            f"Near copies ({rule}): {self.n_images} of {count} images, in {self.n_groups} groups "
            f"of at most {self.largest}{chained}; labels disagree in {self.disagreeing} groups."
        )


def find_near_copies(dataset: Dataset, largest: int = LARGEST) -> NearCopies:
    """Group the near copies of all official splits of a dataset; labels do not matter.

    Args:
        dataset: Of images or volumes.
        largest: A chain of near copies of more images than that is no group.
    """
    contents, first = _distinct(dataset)
    splits = _split_of_each(dataset)
    # By distinct image and split: how many images have that content, and how many are near it.
    counts = np.zeros((len(first), len(OFFICIAL_SPLITS)), np.int64)
    np.add.at(counts, (contents, splits), 1)
    near, totals, chains = counts.copy(), counts.sum(axis=1), np.arange(len(first))
    pairs = int((totals * (totals - 1) // 2).sum())
    parts = [dataset.official(split).pixels for split in OFFICIAL_SPLITS]
    for edges in _gathered(near_pairs(Selection(parts, first))):
        sources, targets = edges.T
        np.add.at(near, sources, counts[targets])
        np.add.at(near, targets, counts[sources])
        pairs += int((totals[sources] * totals[targets]).sum())
        chains = _joined(chains, edges)
    chain_of_each, near_each = chains[contents], near[contents]
    members = np.zeros_like(counts)
    np.add.at(members, (chain_of_each, splits), 1)
    sizes = members.sum(axis=1)
    chained = sizes[chain_of_each] > largest
    reach = np.where(chained[:, None], near_each, members[chain_of_each])
    reach[np.arange(len(reach)), splits] -= 1  # an image is no copy of itself
    groups = np.where(chained, CHAINED, chain_of_each)
    grouped = sizes[(sizes > 1) & (sizes <= largest)]
    return NearCopies(
        groups=_by_split(dataset, groups),
        near={
            (split, target): rows[:, number] > 0
            for split, rows in _by_split(dataset, reach).items()
            for number, target in enumerate(OFFICIAL_SPLITS)
        },
        pairs=pairs,
        n_groups=len(grouped),
        n_images=int(grouped.sum()),
        n_chained=int(chained.sum()),
        largest=int(grouped.max(initial=1)),
        disagreeing=_disagreeing(dataset, groups),
    )


def _distinct(dataset: Dataset) -> tuple[Numbers, Numbers]:
    """Number the distinct contents; return that of each image, and the first image of each."""
    digests = [
        digest_of(image) for split in OFFICIAL_SPLITS for image in dataset.official(split).pixels
    ]
    numbers = dict(zip(digests, range(len(digests)), strict=True))  # the last image of each
    _, first, contents = np.unique(
        [numbers[digest] for digest in digests], return_index=True, return_inverse=True
    )
    return contents, first


def _split_of_each(dataset: Dataset) -> Numbers:
    lengths = [len(dataset.official(split)) for split in OFFICIAL_SPLITS]
    return np.repeat(np.arange(len(OFFICIAL_SPLITS)), lengths)


def _by_split(dataset: Dataset, rows: Numbers) -> dict[OfficialSplit, Numbers]:
    """Divide an array over all images into one for each official split."""
    ends = np.cumsum([len(dataset.official(split)) for split in OFFICIAL_SPLITS])
    return dict(zip(OFFICIAL_SPLITS, np.split(rows, ends[:-1]), strict=True))


def _gathered(parts: Iterable[Numbers]) -> Iterator[Numbers]:
    """Join small arrays of pairs to arrays of `FOLD` pairs and more; the last may be smaller."""
    waiting, count = list[Numbers](), 0
    for part in parts:
        waiting.append(part)
        count += len(part)
        if count >= FOLD:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _joined(chains: Numbers, edges: Numbers) -> Numbers:
    """Join the chains that pairs connect; return the number of each image's chain."""
    sources, targets = chains[edges].T
    weights = np.ones(len(edges), np.int8)
    graph = coo_array((weights, (sources, targets)), shape=(len(chains), len(chains)))
    _, joined = connected_components(graph, directed=False)
    return joined[chains].astype(np.int64)


def _disagreeing(dataset: Dataset, groups: Numbers) -> int:
    """Count the groups that hold different labels."""
    labels = np.concatenate([dataset.official(split).labels for split in OFFICIAL_SPLITS])
    rows = np.column_stack([groups, labels])[groups != CHAINED]
    _, kinds = np.unique(np.unique(rows, axis=0)[:, 0], return_counts=True)
    return int((kinds > 1).sum())
