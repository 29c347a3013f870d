"""The four splits of volumes: by subject, never by slice."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from searchspace.errors import UserError
from searchspace.words import plural

SPLITS = ("train", "val", "ranking", "test")
SHARES = (0.6, 0.1, 0.15, 0.15)  # of train, val, ranking and test
LEAST = 10  # subjects that rank, below which intervals say little
PAPER_SUBSET = (4, 1, 1)  # subjects of train, val and ranking [robmednas, section 2]


@dataclass(frozen=True)
class SubjectSplits:
    """Which subjects serve what.

    Attributes:
        train: Names of those that train the weights.
        val: Those that choose the epoch.
        ranking: Those that rank the trials.
        test: Those that are looked at once, at the end.
        notes: Sentences for a person.

    Raises:
        ValueError: If a split is empty or two share a subject.
    """

    train: tuple[str, ...]
    val: tuple[str, ...]
    ranking: tuple[str, ...]
    test: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [name for split in SPLITS for name in getattr(self, split)]
        if not all(getattr(self, split) for split in SPLITS) or len(set(names)) < len(names):
            raise ValueError(f"splits are empty or overlap: {self}")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the names, split by split."""
        text = "\n".join("\t".join((split, *getattr(self, split))) for split in SPLITS)
        return hashlib.sha256(text.encode()).hexdigest()


def split_subjects(names: Sequence[str], seed: int) -> SubjectSplits:
    """Split subjects at random; only the set of names and the seed matter, not their order.

    Val, ranking and test take their share rounded to the nearest, and one subject at least; train
    takes the rest.

    Raises:
        UserError: If there are fewer than 4 subjects, or a name twice.
    """
    _check_unique(names)
    if len(names) < len(SPLITS):
        raise UserError(
            f"{len(names)} subjects are too few: train, val, ranking and test need one each, "
            "so give 4 or more"
        )
    order = _shuffled(names, seed)
    parts: list[tuple[str, ...]] = []
    for share in SHARES[:0:-1]:  # test, ranking, val: from the end
        size = max(1, round(share * len(names)))
        order, last = order[:-size], order[-size:]
        parts.append(tuple(sorted(last)))
    test, ranking, val = parts
    splits = tuple(sorted(order)), val, ranking, test
    return SubjectSplits(*splits, notes=notes_of(*splits))


def split_sites(
    names: Sequence[str], seed: int, *, test: Sequence[str] = (), ranking: Sequence[str] = ()
) -> SubjectSplits:
    """Test, or rank on, all subjects of some sites and no others; split the rest at random.

    Sites are told by how names begin, as those of many challenges do. Subjects of a site that is
    named for both serve one half ranking and one half test.

    Args:
        names: Of all subjects.
        seed: Another seed, other splits of the rest.
        test: Beginnings of names of those that are tested; if there are none, as by
            `split_subjects`.
        ranking: The same of those that rank.

    Raises:
        UserError: If a beginning is no subject's, a subject is there twice, or fewer than 4 are
            left.
    """
    if not test and not ranking:
        return split_subjects(names, seed)
    _check_unique(names)
    order = _shuffled(names, seed)
    tested, ranked = (_beginning(order, beginnings) for beginnings in (test, ranking))
    shared = [name for name in tested if name in set(ranked)]
    half = set(shared[: len(shared) // 2])
    tested = [name for name in tested if name not in half]
    ranked = [name for name in ranked if name not in set(tested)]
    rest = sorted(set(names) - set(tested) - set(ranked))
    if ranking and not ranked:  # the half of one subject
        raise UserError(f"subject '{tested[0]}' cannot rank and be test: give a site of 2 or more")
    if len(rest) < len(SPLITS):
        raise UserError(
            f"{len(names) - len(rest)} of {len(names)} subjects are of these sites: "
            f"leave {len(SPLITS)} or more for the other splits"
        )
    part = split_subjects(rest, seed)
    train = {*part.train, *(part.test if tested else ()), *(part.ranking if ranked else ())}
    chosen = tuple(sorted(ranked)) or part.ranking, tuple(sorted(tested)) or part.test
    splits = tuple(sorted(train)), part.val, *chosen
    return SubjectSplits(*splits, (*notes_of(*splits), *_notes_on_sites(test, ranking)))


def _beginning(names: Sequence[str], beginnings: Sequence[str]) -> list[str]:
    """Return the names that begin so, in order."""
    for beginning in beginnings:
        if not beginning or not any(name.startswith(beginning) for name in names):
            raise UserError(
                f"no subject's name begins with '{beginning}': there are "
                f"{', '.join(sorted(names)[:3])} and others"
            )
    return [name for name in names if name.startswith(tuple(beginnings))]


def _notes_on_sites(test: Sequence[str], ranking: Sequence[str]) -> Iterator[str]:
    for split, beginnings in (("ranking", ranking), ("test", test)):
        if beginnings:
            yield f"{split} has a site of its own: names that begin with {' or '.join(beginnings)}"


def paper_subset(splits: SubjectSplits, seed: int) -> SubjectSplits:
    """Return the paper's sub-dataset: 6 of the training subjects, 4:1:1; test stays as it is.

    Raises:
        UserError: If there are fewer than 6 training subjects.
    """
    least = sum(PAPER_SUBSET)
    if len(splits.train) < least:
        raise UserError(
            f"the paper's subset takes {least} training subjects, but there are "
            f"{len(splits.train)}: give 11 or more subjects in all, or --subset all"
        )
    order = _shuffled(splits.train, seed)[:least]
    ends = np.cumsum(PAPER_SUBSET)
    train, val, ranking = (
        tuple(sorted(part))
        for part in (order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] :])
    )
    parts = train, val, ranking, splits.test
    notes = "the paper's subset of training subjects", *notes_of(*parts)
    return SubjectSplits(*parts, notes=notes)


def folds(
    names: Sequence[str], count: int, seed: int
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Leave out one of ``count`` groups of subjects in turn [robmednas, section 2.6].

    Args:
        names: Of all subjects.
        count: Of groups, from 2 to the number of subjects.
        seed: Another seed, other groups.

    Returns:
        Pairs of the subjects kept and those left out.

    Raises:
        UserError: If there are fewer subjects than groups, or fewer than 2 groups.
    """
    if not 2 <= count <= len(names):
        raise UserError(f"{count} groups of {len(names)} subjects: give 2 to {len(names)} groups")
    order = _shuffled(names, seed)
    groups = [set(order[start::count]) for start in range(count)]
    return tuple((tuple(sorted(set(names) - group)), tuple(sorted(group))) for group in groups)


def notes_of(*splits: tuple[str, ...]) -> tuple[str, ...]:
    """Say for a person how many subjects train, val, ranking and test have, in this order."""
    sizes = ", ".join(f"{len(names)} {split}" for split, names in zip(SPLITS, splits, strict=True))
    notes = [f"subjects: {sizes} (closed until the end)", "ranks trials on subjects of its own"]
    if len(splits[2]) < LEAST:
        who = plural(len(splits[2]), "subject")
        verb = "ranks" if len(splits[2]) == 1 else "rank"
        notes.append(f"{who} {verb}: read the intervals, not the digits")
    return tuple(notes)


def _shuffled(names: Sequence[str], seed: int) -> list[str]:
    rng = np.random.Generator(np.random.PCG64(seed))
    ordered = sorted(names)
    return [ordered[number] for number in rng.permutation(len(ordered))]


def _check_unique(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise UserError(f"subject '{twice}' is there twice: give each subject a name of its own")
