"""The four splits of a run: train, val, ranking and test, and what the autoencoder may see.

- *train*: a stratified subsample of the official training split. Trains the classifiers.
- *val*: chooses the epoch.
- *ranking*: ranks the trials, and neither touches weights nor chooses epochs. It comes from the
  training images left out of *train*, or from the official validation split.
- *test*: the whole official test split.
- *autoencoder*: the whole official training split less *ranking*, used without labels.

No group of near copies (`trainables.data.copies.near`) has images in two of *autoencoder* (which
contains *train*), *val* and *ranking*: *val* loses those near a training image, and *ranking* takes
one image of a group whose other images then serve nothing. *Test* stays whole, as others report it;
which of its images are near a training or validation image is recorded.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.copies.candidates import (
    Candidates,
    candidates_by_content,
    candidates_by_group,
    with_copies,
)
from trainables.data.copies.near import NearCopies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images, OfficialSplit, count_classes
from trainables.data.strata import draw, proportional, share_of, strata_of
from trainables.door.arrays import open_arrays, write_arrays

Indices = npt.NDArray[np.int64]
RankingFrom = Literal["left-out", "val"]
Contents = dict[OfficialSplit, list[bytes]]
SplitName = Literal["train", "val", "ranking", "test", "autoencoder"]
ORIGINS: dict[RankingFrom, OfficialSplit] = {"left-out": "train", "val": "val"}
SPLITS: tuple[SplitName, ...] = ("train", "val", "ranking", "test", "autoencoder")


@dataclass(frozen=True, eq=False)
class Splits:
    """Which images of a dataset serve what.

    Attributes:
        train: Indices into the official training split, ascending, as all are.
        val: Indices into the official validation split.
        ranking: Indices into the official split that ``ranking_from`` says.
        test: Indices into the official test split.
        autoencoder: Indices into the official training split; contains ``train``.
        ranking_from: ``left-out``: training images outside ``train``; ``val``: validation images.
        notes: Sentences for a person about sizes, duplicates and missing classes.
        test_near: Indices into the official test split: images with near copies in the official
            training or validation split.
        near_copies: How many near copies there are and what was left out, JSON values; None where
            they were not looked for.
    """

    train: Indices
    val: Indices
    ranking: Indices
    test: Indices
    autoencoder: Indices
    ranking_from: RankingFrom
    notes: tuple[str, ...] = ()
    test_near: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    near_copies: Mapping[str, Any] | None = None

    def take(self, dataset: Dataset, split: SplitName) -> Images:
        """Return the images of a split, from the dataset that the splits were made of."""
        return dataset.official(self.origin(split)).take(getattr(self, split))

    def origin(self, split: SplitName) -> OfficialSplit:
        """Name the official split that the indices of a split refer to."""
        origins: dict[SplitName, OfficialSplit] = {
            "train": "train",
            "val": "val",
            "ranking": ORIGINS[self.ranking_from],
            "test": "test",
            "autoencoder": "train",
        }
        return origins[split]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all indices and where they point, as 64 hexadecimal digits."""
        sha = hashlib.sha256()
        for split in SPLITS:
            indices = np.ascontiguousarray(getattr(self, split), dtype="<i8")
            sha.update(f"{split} {self.origin(split)} {len(indices)}\n".encode())
            sha.update(indices.data)
        return sha.hexdigest()

    def save(self, path: Path) -> None:
        """Write the splits to an npz file."""
        arrays: dict[str, Any] = {split: getattr(self, split) for split in SPLITS}
        arrays["test_near"] = self.test_near
        arrays["near_copies"] = np.array(json.dumps(self.near_copies))
        arrays["ranking_from"] = np.array(self.ranking_from)
        arrays["notes"] = np.array(self.notes, "U")
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: Path) -> "Splits":
        """Read what ``save`` wrote."""
        with open_arrays(path, limit=None) as npz:
            splits = cls(
                **dict[str, Any]({split: npz[split] for split in SPLITS}),
                ranking_from=cast("RankingFrom", str(npz["ranking_from"])),
                notes=tuple(npz["notes"].tolist()),
            )
            if "test_near" not in npz:  # written before near copies were looked for
                return splits
            near_copies = json.loads(str(npz["near_copies"]))
            return replace(splits, test_near=npz["test_near"], near_copies=near_copies)


def make_splits(
    dataset: Dataset,
    fraction: float,
    ranking_from: Literal["auto", "left-out", "val"],
    ranking_images: int,
    seed: int,
    near: NearCopies | None = None,
) -> Splits:
    """Split a dataset so that no image that ranks, by number or by content, serves anything else.

    ``train`` takes ``fraction`` of each class, rounded half up, and one image at least; for a seed
    it does not depend on where ``ranking`` comes from, and a larger fraction contains a smaller one
    (except where a multi-label ``train`` needs an image more to have all labels). ``ranking`` takes
    at most half of the images it comes from, stratified, and only such whose pixels occur once in
    the whole dataset. With near copies it takes one image at most of a group, and none of a group
    that has images in ``train`` or ``test``.

    Args:
        dataset: The official splits.
        fraction: Share of the official training images to train on, above 0 and at most 1.
        ranking_from: ``left-out`` or ``val``; ``auto`` takes ``left-out`` where it can offer more
            images than half of the official validation split has.
        ranking_images: The most images to rank on, whichever split they come from.
        seed: Another seed, other images; 0 or more.
        near: The near copies, which are then kept apart; None to use the official sets as they are.

    Raises:
        UserError: If there are too few images to train on or to rank on.
    """
    train = _draw_train(dataset, fraction, _rng(seed, 0))
    contents = {} if near else _contents(dataset)
    sources = _candidates(dataset, train, contents, near)
    if ranking_from == "auto":
        half = len(sources["val"].pool) / 2
        ranking_from = "left-out" if sources["left-out"].capacity > half else "val"
    source = sources[ranking_from]
    size = min(source.capacity, ranking_images)
    if size < dataset.n_classes:
        message = _too_few_to_rank(dataset, source, ranking_from, ranking_images)
        raise UserError(f"{message}, or say --keep-near" if near and near.pairs else message)
    origin = ORIGINS[ranking_from]
    labels = dataset.official(origin).labels
    ranking = _draw_ranking(labels, dataset.n_classes, source.usable, size, _rng(seed, 1))
    rest: dict[OfficialSplit, Indices] = {
        "train": _all(dataset, "train"),
        "val": sources["val"].pool,
    }
    members = ranking if near is None else with_copies(near.groups[origin], ranking)
    rest[origin] = np.setdiff1d(rest[origin], members)
    if not len(rest["val"]):
        raise UserError(
            f"every validation image of {dataset.name} is near one of train: say --keep-near"
        )
    test = _all(dataset, "test")
    splits = Splits(train, rest["val"], ranking, test, rest["train"], ranking_from)
    if near is None:
        return replace(splits, notes=_notes(dataset, splits, source, contents))
    return _without_copies(dataset, splits, source, near)


def _rng(seed: int, stream: int) -> np.random.Generator:
    if seed < 0:
        raise UserError(f"seed {seed}: give 0 or more")
    return np.random.Generator(np.random.PCG64([seed, stream]))


def _all(dataset: Dataset, split: OfficialSplit) -> Indices:
    return np.arange(len(dataset.official(split)), dtype=np.int64)


def _draw_train(dataset: Dataset, fraction: float, rng: np.random.Generator) -> Indices:
    n, n_classes = len(dataset.train), dataset.n_classes
    if not 0 < fraction <= 1:  # NaN too
        raise UserError(
            f"fraction {fraction}: give a share of the training images, 0 < fraction <= 1"
        )
    share = Decimal(str(fraction))
    if share * n < n_classes:
        least = (Decimal(n_classes) / n).quantize(Decimal("1e-6"), ROUND_CEILING).normalize()
        raise UserError(
            f"fraction {fraction}: of {n} training images that is fewer than one for each of the "
            f"{n_classes} classes of {dataset.name}; give at least {least:f}"
        )
    strata = strata_of(dataset.train.labels, n_classes)
    train = draw(strata, share_of(np.bincount(strata), share), rng)
    if dataset.task != "multi-label":
        return train
    # An image stands in the stratum of its rarest label; its other labels may still be missing.
    for positive in dataset.train.labels.T:
        if positive.any() and not positive[train].any():
            train = np.union1d(train, rng.choice(np.flatnonzero(positive), 1))
    return train


def _draw_ranking(
    labels: Indices, n_classes: int, usable: Indices, size: int, rng: np.random.Generator
) -> Indices:
    strata = strata_of(labels, n_classes)[usable]
    return usable[draw(strata, proportional(np.bincount(strata), size), rng)]


def _contents(dataset: Dataset) -> Contents:
    """Digest the pixels of every image, by official split."""
    return {
        split: [
            hashlib.blake2b(image.tobytes(), digest_size=16).digest()
            for image in dataset.official(split).pixels
        ]
        for split in OFFICIAL_SPLITS
    }


def _candidates(
    dataset: Dataset, train: Indices, contents: Contents, near: NearCopies | None
) -> dict[RankingFrom, Candidates]:
    left_out, val = np.setdiff1d(_all(dataset, "train"), train), _all(dataset, "val")
    if near is None:
        occurrences = Counter(content for split in OFFICIAL_SPLITS for content in contents[split])
        return {
            "left-out": candidates_by_content(left_out, contents["train"], occurrences),
            "val": candidates_by_content(val, contents["val"], occurrences),
        }
    apart = val[~near.near["val", "train"]]
    return {
        "left-out": candidates_by_group(near, "train", left_out, train),
        "val": candidates_by_group(near, "val", apart, np.zeros(0, np.int64)),
    }


def _too_few_to_rank(
    dataset: Dataset, source: Candidates, ranking_from: RankingFrom, ranking_images: int
) -> str:
    classes = f"the {dataset.n_classes} classes of {dataset.name}"
    if ranking_images < dataset.n_classes:
        return f"{ranking_images} ranking images: give at least one for each of {classes}"
    remedy = {
        "left-out": "take a smaller fraction, or rank on val",
        "val": "take a smaller fraction and rank on images it leaves out",
    }
    return (
        f"ranking from {ranking_from}: offers {source.capacity} images, fewer than one for each of "
        f"{classes}; {remedy[ranking_from]}"
    )


def _without_copies(
    dataset: Dataset, splits: Splits, source: Candidates, near: NearCopies
) -> Splits:
    """Return splits with the record of what near copies they leave out."""
    in_test = near.near["test", "train"] | near.near["test", "val"]
    served: dict[OfficialSplit, Indices] = {"train": splits.autoencoder, "val": splits.val}
    served[splits.origin("ranking")] = np.union1d(served[splits.origin("ranking")], splits.ranking)
    dropped = {name: len(dataset.official(name)) - len(images) for name, images in served.items()}
    counts = near.counts | {
        "dropped": dict(dropped) | {"ranking": len(source.pool) - len(source.usable)},
        "test": int(in_test.sum()),
    }
    line = (
        f"{near.line} Left out: {dropped['train']} of {len(dataset.train)} training images and "
        f"{dropped['val']} of {len(dataset.val)} validation images; {counts['test']} of "
        f"{len(dataset.test)} test images have near copies in train or val, and test is scored "
        "with and without them."
    )
    notes = (_sizes(dataset, splits), line, *_missing(dataset, splits))
    return replace(splits, notes=notes, test_near=np.flatnonzero(in_test), near_copies=counts)


def _notes(
    dataset: Dataset, splits: Splits, source: Candidates, contents: Contents
) -> tuple[str, ...]:
    notes = [_sizes(dataset, splits)]
    if copies := len(source.pool) - len(source.usable):
        notes.append(
            f"Images not used for ranking, as their pixels occur more than once: {copies}."
        )
    for first_split, second_split in combinations(OFFICIAL_SPLITS, 2):
        if shared := len(set(contents[first_split]) & set(contents[second_split])):
            names = f"{first_split} and {second_split}"
            notes.append(f"Images that the official {names} splits share: {shared}; kept.")
    return (*notes, *_missing(dataset, splits))


def _sizes(dataset: Dataset, splits: Splits) -> str:
    origin = {
        "left-out": "training images that the fraction leaves out",
        "val": "images carved from the official validation split",
    }
    return (
        f"Trains on {len(splits.train)} of {len(dataset.train)} training images, chooses the epoch "
        f"on {len(splits.val)} and ranks trials on {len(splits.ranking)}, "
        f"{origin[splits.ranking_from]}; {len(splits.test)} test images are for test alone."
    )


def _missing(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    notes = []
    for split in ("train", "val", "ranking", "test"):
        labels = dataset.official(splits.origin(split)).labels[getattr(splits, split)]
        counts = zip(dataset.classes, count_classes(labels, dataset.n_classes), strict=True)
        if missing := [name for name, count in counts if count == 0]:
            notes.append(f"No image of {', '.join(missing)} in {split}.")
    return tuple(notes)
