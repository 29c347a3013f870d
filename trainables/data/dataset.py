"""Images or volumes with labels, in three official splits: what every source is turned into."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from trainables.data.task import Task

OfficialSplit = Literal["train", "val", "test"]
OFFICIAL_SPLITS: tuple[OfficialSplit, ...] = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class Images:
    """Images, or volumes, and their labels, in the same order.

    Attributes:
        pixels: uint8, shape (N, H, W, C), of volumes (N, D, H, W, C); C is 1 (grey) or 3 (RGB).
        labels: int64, shape (N,) with class numbers, or for multi-label data (N, L) with 0 and 1.

    Raises:
        ValueError: If types, dimensions or lengths are others.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim not in {4, 5}:
            raise ValueError(
                f"images are {_kind(self.pixels)}, expected uint8 (N, H, W, C) or (N, D, H, W, C)"
            )
        if self.labels.dtype != np.int64 or self.labels.ndim not in {1, 2}:
            raise ValueError(f"labels are {_kind(self.labels)}, expected int64 (N,) or (N, L)")
        if len(self.pixels) != len(self.labels):
            raise ValueError(f"{len(self.pixels)} images, but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: npt.NDArray[np.int64]) -> "Images":
        """Return the images at these indices, in this order."""
        return Images(self.pixels[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named dataset of images or volumes, in its official splits.

    Attributes:
        name: The name a user types.
        task: What the labels mean. Ordinal classes are ordered by their number.
        classes: Names of the classes, or of the labels of multi-label data.
        train: The official training images.
        val: The official validation images.
        test: The official test images.
        licence: The licence of the images.
        source: One line for a person: where the images come from.
        cites: Keys of CITATIONS.bib: what a paper that uses the images cites.

    Raises:
        ValueError: If a split is empty, or its images or labels do not fit the rest.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    train: Images
    val: Images
    test: Images
    licence: str
    source: str
    cites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for split in OFFICIAL_SPLITS:
            try:
                self._check(self.official(split))
            except ValueError as error:
                raise ValueError(f"{split}: {error}") from error

    def _check(self, images: Images) -> None:
        if len(images) == 0:
            raise ValueError("no images")
        shape, expected = images.pixels.shape[1:], self.train.pixels.shape[1:]
        if shape != expected:
            raise ValueError(f"images of shape {shape}, but {expected} in train")
        top = self.n_classes - 1
        if self.task == "multi-label":
            top = 1
            if images.labels.shape[1:] != (self.n_classes,):
                raise ValueError(f"labels are {_kind(images.labels)}, not {self.n_classes} a row")
        elif images.labels.ndim != 1:
            raise ValueError(f"labels are {_kind(images.labels)}, expected one an image")
        low, high = int(images.labels.min()), int(images.labels.max())
        if low < 0 or high > top:
            raise ValueError(f"labels from {low} to {high}, expected 0 to {top}")

    def official(self, split: OfficialSplit) -> Images:
        """Return one of the official splits by name."""
        return {"train": self.train, "val": self.val, "test": self.test}[split]

    @property
    def n_classes(self) -> int:
        """Number of classes, or of labels for multi-label data."""
        return len(self.classes)

    @property
    def channels(self) -> int:
        """Channels of an image: 1 or 3."""
        return int(self.train.pixels.shape[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width of an image in pixels; depth, height and width of a volume in voxels."""
        return tuple(self.train.pixels.shape[1:-1])

    @property
    def size(self) -> int:
        """Side of an image in pixels, of a volume in voxels; the sides are equal."""
        return self.shape[0]

    @property
    def volumes(self) -> bool:
        """Whether the images are volumes."""
        return len(self.shape) == 3

    @property
    def class_counts(self) -> dict[OfficialSplit, tuple[int, ...]]:
        """Images of each class (positives of each label) in each official split."""
        return {
            split: count_classes(self.official(split).labels, self.n_classes)
            for split in OFFICIAL_SPLITS
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of pixels and labels of all splits, as 64 hexadecimal digits."""
        sha = hashlib.sha256()
        for split in OFFICIAL_SPLITS:
            images = self.official(split)
            sha.update(f"{split} {images.pixels.shape} {images.labels.shape}\n".encode())
            sha.update(np.ascontiguousarray(images.pixels).data)
            sha.update(np.ascontiguousarray(images.labels, dtype="<i8").data)
        return sha.hexdigest()


def count_classes(labels: npt.NDArray[np.int64], n_classes: int) -> tuple[int, ...]:
    """Count the images of each class, for multi-label data the positives of each label."""
    if labels.ndim == 2:
        return tuple(labels.sum(axis=0).tolist())
    return tuple(np.bincount(labels, minlength=n_classes).tolist())


def _kind(array: npt.NDArray[np.generic]) -> str:
    return f"{array.dtype} {array.shape}"
