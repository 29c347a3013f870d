"""The images that may rank: those of which no copy serves anything else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainables.data.copies.near import CHAINED, NearCopies
from trainables.data.copies.pairs import Numbers
from trainables.data.dataset import OfficialSplit


@dataclass(frozen=True, eq=False)
class Candidates:
    """The images of an official split that could rank, and those of them that may.

    Attributes:
        pool: All of them, indices.
        usable: Of these the ones of which no copy serves anything else, one of each group.
        copies: How many images of ``pool`` are in the groups of ``usable``.
    """

    pool: Numbers
    usable: Numbers
    copies: int

    @property
    def capacity(self) -> int:
        """How many may rank: about half, so that the autoencoder or val keeps the other half."""
        half = len(self.pool) // 2
        return min(half * len(self.usable) // max(self.copies, 1), len(self.usable))


def candidates_by_content(
    pool: Numbers, contents: Sequence[bytes], occurrences: dict[bytes, int]
) -> Candidates:
    """Offer the images whose pixels occur once in the dataset.

    Args:
        pool: Images that could rank, ascending.
        contents: The digest of each image of the official split.
        occurrences: How often each digest occurs in all official splits.
    """
    usable = [index for index in pool.tolist() if occurrences[contents[index]] == 1]
    return Candidates(pool, np.array(usable, dtype=np.int64), len(usable))


def candidates_by_group(
    near: NearCopies, split: OfficialSplit, pool: Numbers, used: Numbers
) -> Candidates:
    """Offer one image of each group of near copies that serves nothing else.

    Args:
        near: The near copies of the dataset.
        split: The official split that the indices refer to.
        pool: Images that could rank, ascending.
        used: Images of the same split that train: no near copy of these is offered.
    """
    groups = near.groups[split]
    free = (groups != CHAINED) & ~near.near[split, "test"]
    usable = np.setdiff1d(pool[free[pool]], with_copies(groups, used))
    _, first = np.unique(groups[usable], return_index=True)
    return Candidates(pool, np.sort(usable[first]), len(usable))


def with_copies(groups: Numbers, chosen: Numbers) -> Numbers:
    """List the chosen images and all others of their groups, ascending."""
    members = np.isin(groups, groups[chosen]) & (groups != CHAINED)
    return np.union1d(chosen, np.flatnonzero(members))
