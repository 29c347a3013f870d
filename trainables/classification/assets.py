"""The images of a run: splits written once and read by every worker, without the test images.

Of all official images, the test images among them, a digest is written. Whatever reads images later
compares them with it: those of the run's folder, and the test images when they are opened.
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from searchspace.errors import UserError
from trainables.classification.settings import ClassificationSettings
from trainables.data.copies.contents import (
    PixelDigests,
    added_items,
    check_items,
    find_items,
    image_items,
    pixel_digests,
)
from trainables.data.copies.near import find_near_copies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images, OfficialSplit
from trainables.data.datasets import open_dataset
from trainables.data.splits import SplitName, Splits, make_splits
from trainables.data.subsets import draw_like
from trainables.data.task import Task
from trainables.door.arrays import open_arrays, write_arrays
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.metrics.classification import left_out
from trainables.runtime.arrays import Mask
from trainables.runtime.files import write_atomically
from trainables.study.study import Say

TRIAL_SPLITS: tuple[SplitName, ...] = ("train", "val", "ranking")
ARRAYS = "images.npz"
LEFT_OUT = "left-out.npz"  # what training may draw on besides, with other seeds or without labels
DESCRIPTION = "data.json"
SPLITS = "splits.npz"
CONTENTS = "contents.npz"
PIXELS = "{}_pixels"  # digests of these images whatever their labels, in the same file
TEST = "test.npz"
KEPT_NEAR = "Near copies are not looked for (--keep-near): the official sets are used as they are."


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    Attributes:
        images: (N, C, H, W), of volumes (N, C, D, H, W), uint8.
        labels: int64, (N,) or (N, L).
        near: Which images have near copies among those that trained, chose or ranked, (N,); None
            where that is not known.
    """

    images: Tensor
    labels: Tensor
    near: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Data:
    """The splits that a trial may see.

    Attributes:
        task: What the labels mean.
        classes: Names of the classes or labels, one for each logit of a classifier.
        train: Trains the weights.
        val: Chooses the epoch.
        ranking: Ranks the trial.
    """

    task: Task
    classes: tuple[str, ...]
    train: LabelledImages
    val: LabelledImages
    ranking: LabelledImages


def at_most(data: LabelledImages, count: int) -> LabelledImages:
    """Return at most ``count`` images, spread evenly over the labels; always the same ones."""
    if len(data) <= count:
        return data
    key = data.labels if data.labels.ndim == 1 else data.labels.sum(dim=1)
    positions = torch.linspace(0, len(data) - 1, count, device=key.device).round().long()
    rows = key.argsort(stable=True)[positions]
    near = None if data.near is None else data.near[rows]
    return LabelledImages(data.images[rows], data.labels[rows], near)


def evenly(data: LabelledImages, count: int) -> LabelledImages:
    """Return at most ``count`` images, as many of each class as there are; always the same ones.

    The class of an image with several labels is the rarest label that it has.
    """
    if len(data) <= count:
        return data
    key = data.labels if data.labels.ndim == 1 else _rarest(data.labels)
    ordinals = torch.zeros_like(key)  # of each image within its class
    for each in key.unique():
        (rows,) = torch.nonzero(key == each, as_tuple=True)
        ordinals[rows] = torch.arange(len(rows), device=key.device)
    rows = ordinals.argsort(stable=True)[:count]  # the first of every class, then the second
    near = None if data.near is None else data.near[rows]
    return LabelledImages(data.images[rows], data.labels[rows], near)


def _rarest(labels: Tensor) -> Tensor:
    """Return the rarest label that each image has, (N,); L where it has none."""
    counts = labels.sum(dim=0)
    frequency = torch.where(labels > 0, counts, len(labels) + 1)
    return torch.where(labels.any(dim=1), frequency.argmin(dim=1), labels.shape[1])


def open_splits(settings: ClassificationSettings, say: Say) -> tuple[Dataset, Splits]:
    """Open the dataset of the settings, downloaded where necessary, and split it.

    Near copies are kept apart, unless the settings say otherwise.
    """
    dataset = _open(settings, say)
    near = None if settings.keep_near else find_near_copies(dataset)
    shares = settings.fraction, settings.ranking_from, settings.ranking_images
    splits = make_splits(dataset, *shares, settings.seed, near)
    if near is None:
        splits = replace(splits, notes=(*splits.notes, KEPT_NEAR))
    return dataset, splits


def _open(settings: ClassificationSettings, say: Say) -> Dataset:
    return open_dataset(
        settings.dataset, settings.size, settings.data_root, say, volumes=settings.takes_volumes
    )


def write_data(folder: Path, dataset: Dataset, splits: Splits, *, seed: int | None = None) -> None:
    """Write the splits that trials may see; test images stay out, so that no trial can read one.

    Args:
        folder: Made here where it does not exist.
        dataset: Opened.
        splits: Of the dataset.
        seed: Of the run: trials with another one draw their training images anew. None where all
            train on the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for name in TRIAL_SPLITS:
        images = splits.take(dataset, name)
        arrays |= {f"{name}_images": images.pixels, f"{name}_labels": images.labels}
    write_arrays(folder / ARRAYS, arrays)
    rest = dataset.train.take(np.setdiff1d(splits.autoencoder, splits.train))
    write_arrays(folder / LEFT_OUT, {"images": rest.pixels, "labels": rest.labels})
    digests: dict[str, np.ndarray] = {
        split: np.array(list(image_items(dataset.official(split)).values()), "S")
        for split in OFFICIAL_SPLITS
    }
    digests |= {
        PIXELS.format(split): pixel_digests(dataset.official(split).pixels)
        for split in OFFICIAL_SPLITS
    }
    write_arrays(folder / CONTENTS, digests)
    identity = {"task": dataset.task, "classes": dataset.classes, "name": dataset.name}
    description = {**identity, "seed": seed}
    write_atomically(folder / DESCRIPTION, json.dumps(description, indent=2) + "\n")
    splits.save(folder / SPLITS)


def write_test(folder: Path, assets: Path, settings: ClassificationSettings, say: Say) -> None:
    """Open the test images and write them, unless the folder holds them already.

    Only the images that the run recorded as its test images are taken, wherever they are in the
    official test split now.

    Args:
        folder: For the test images alone; made here where it does not exist.
        assets: Of the run, with the digests of its test images.
        settings: Of the run, which name the dataset.
        say: Receives a sentence before each step that takes long.

    Raises:
        UserError: As of `find_test`.
    """
    images, splits = find_test(folder, assets, settings, say), Splits.load(assets / SPLITS)
    if images is not None:
        near = np.isin(splits.test, splits.test_near)
        folder.mkdir(parents=True, exist_ok=True)
        pixels, labels = images.pixels, images.labels
        write_arrays(folder / TEST, {"images": pixels, "labels": labels, "near": near})


def find_test(
    folder: Path, assets: Path, settings: ClassificationSettings, say: Say
) -> Images | None:
    """Find the recorded test images in the dataset; None where the folder holds them already.

    Args:
        folder: For the test images alone.
        assets: Of the run, with the digests of its test images.
        settings: Of the run, which name the dataset.
        say: Receives a sentence before each step that takes long.

    Raises:
        UserError: If an image is missing or another one than it was, or the run is an older one
            that recorded no digests.
    """
    if not (assets / CONTENTS).is_file():
        raise UserError(
            f"{assets} says not which test images the run has, as it was prepared by an older "
            "version: start a new run"
        )
    recorded = _recorded(assets, "test", Splits.load(assets / SPLITS).test)
    if (folder / TEST).is_file():
        with open_arrays(inside(folder, TEST), limit=None) as arrays:
            written = Images(arrays["images"], arrays["labels"])
        check_items(str(folder / TEST), "test images", recorded, image_items(written))
        return None
    dataset = _open(settings, say)
    present = image_items(dataset.test)
    names = find_items(dataset.name, "test images", recorded, present)
    if added := added_items(recorded, present):
        say(
            f"{len(added)} test images were added to {dataset.name} since the run was prepared: "
            "they are not used"
        )
    return dataset.test.take(np.array([int(name) for name in names.values()], np.int64))


def find_test_near(assets: Path, dataset: Dataset) -> Mask:
    """Tell which official test images have near copies among what a run used, (N,).

    Args:
        assets: Of the run; one of an earlier version, without digests, says nothing.
        dataset: As it is now.

    Raises:
        UserError: If the test images are not, one by one, those that the run recorded; in one line
            that says what changed.
    """
    near = np.zeros(len(dataset.test), np.bool_)
    if (assets / CONTENTS).is_file():
        splits = Splits.load(assets / SPLITS)
        recorded = _recorded(assets, "test", splits.test)
        check_items(dataset.name, "test images", recorded, image_items(dataset.test))
        near[splits.test_near] = True
    return near


def read_test(folder: Path, device: torch.device) -> LabelledImages:
    """Read the test images that `write_test` wrote, onto a device."""
    with open_arrays(inside(folder, TEST), limit=None) as arrays:
        data = to_tensors(Images(arrays["images"], arrays["labels"]), device)
        near = torch.from_numpy(arrays["near"]).to(device) if "near" in arrays else None
    return replace(data, near=near)


def read_pool(folder: Path) -> Images:
    """Read what training may draw on: all official training images less those set apart.

    They are in the official order. None of them is a near copy of a val or ranking image, unless
    the run keeps near copies.

    Raises:
        FileNotFoundError: If the folder is of an older run, which has not all of them.
        UserError: If an image is another one than the run was prepared with.
    """
    splits = Splits.load(inside(folder, SPLITS))
    with open_arrays(inside(folder, ARRAYS), limit=None) as arrays:
        train = Images(arrays["train_images"], arrays["train_labels"])
    with open_arrays(inside(folder, LEFT_OUT), limit=None) as arrays:
        rest = Images(arrays["images"], arrays["labels"])
    is_train = np.isin(splits.autoencoder, splits.train)
    pixels = np.empty((len(is_train), *train.pixels.shape[1:]), np.uint8)
    labels = np.empty((len(is_train), *train.labels.shape[1:]), np.int64)
    for rows, part in ((is_train, train), (~is_train, rest)):
        pixels[rows], labels[rows] = part.pixels, part.labels
    pool = Images(pixels, labels)
    _check(folder, LEFT_OUT, "training images", ("train", splits.autoencoder), pool)
    return pool


def read_train(folder: Path, device: torch.device, seed: int) -> LabelledImages | None:
    """Draw the training images of a trial whose seed is not the run's, from all that may train.

    Args:
        folder: Of the run.
        device: Where the images go.
        seed: Of the trial.

    Returns:
        None where they are the run's own: with its seed, and in older runs, which did not record
        what they left out, or their seed.
    """
    description = read_json(folder / DESCRIPTION)
    if description.get("seed") in {None, seed} or not (folder / LEFT_OUT).is_file():
        return None
    pool, splits = read_pool(folder), Splits.load(folder / SPLITS)
    subset = np.flatnonzero(np.isin(splits.autoencoder, splits.train))
    drawn = draw_like(pool.labels, subset, len(description["classes"]), seed)
    return to_tensors(pool.take(drawn), device)


def read_data(folder: Path, device: torch.device) -> Data:
    """Read the splits that `write_data` wrote, onto a device.

    Raises:
        UserError: If an image is another one than the run was prepared with.
    """
    description = read_json(inside(folder, DESCRIPTION))
    with open_arrays(inside(folder, ARRAYS), limit=None) as arrays:
        parts = {
            name: Images(arrays[f"{name}_images"], arrays[f"{name}_labels"])
            for name in TRIAL_SPLITS
        }
    splits = Splits.load(folder / SPLITS)
    for name, images in parts.items():
        origin = splits.origin(name), getattr(splits, name)
        _check(folder, ARRAYS, f"{name} images", origin, images)
    train, val, ranking = (to_tensors(parts[name], device) for name in TRIAL_SPLITS)
    return Data(description["task"], tuple(description["classes"]), train, val, ranking)


@lru_cache(maxsize=2)  # a worker's trials are of one seed, or of a few that take turns
def read_splits(assets: Path, device: str, seed: int) -> Data:
    """Read the splits of a trial onto a device.

    Val and ranking are the run's. A trial with the run's seed trains on the run's subset; any other
    on a subset of its own, with as many images of each class (`trainables.data.subsets`).

    Args:
        assets: Of the run.
        device: A name of torch's.
        seed: Of the trial.
    """
    data = _read_data(assets, device)
    train = read_train(assets, torch.device(device), seed)
    return data if train is None else replace(data, train=train)


@lru_cache(maxsize=1)
def _read_data(assets: Path, device: str) -> Data:
    return read_data(assets, torch.device(device))


def _check(
    folder: Path,
    file: str,
    kind: str,
    origin: tuple[OfficialSplit, npt.NDArray[np.int64]],
    images: Images,
) -> None:
    """Compare images of a run's folder with their digests, where those were recorded."""
    if (folder / CONTENTS).is_file():
        check_items(str(folder / file), kind, _recorded(folder, *origin), image_items(images))


def _recorded(folder: Path, split: OfficialSplit, indices: npt.NDArray[np.int64]) -> dict[str, str]:
    """Return the digests of images of an official split, by their place among the indices."""
    with open_arrays(inside(folder, CONTENTS), limit=None) as arrays:
        digests = arrays[split][indices].astype("U").tolist()
    return {str(number): digest for number, digest in enumerate(digests)}


def pixels_of(assets: Path) -> dict[OfficialSplit, PixelDigests]:
    """Read the digests of the pixels of the official splits; none of a run of an earlier version.

    Args:
        assets: Of the run.
    """
    if not (assets / CONTENTS).is_file():
        return {}
    with open_arrays(inside(assets, CONTENTS), limit=None) as arrays:
        names = {split: PIXELS.format(split) for split in OFFICIAL_SPLITS}
        return {split: arrays[name] for split, name in names.items() if name in arrays}


def to_tensors(images: Images, device: torch.device) -> LabelledImages:
    """Turn NumPy images into tensors, channels first."""
    pixels = torch.from_numpy(images.pixels).movedim(-1, 1).contiguous()
    return LabelledImages(pixels.to(device), torch.from_numpy(images.labels).to(device))


def left_out_lines(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """Say in a line which classes or labels the ranking images do not show; nothing for none."""
    labels = splits.take(dataset, "ranking").labels
    names = left_out(dataset.task, labels, dataset.classes)
    kind = "labels" if dataset.task == "multi-label" else "classes"
    line = f"no score averages over {kind} that the ranking images do not show: {', '.join(names)}"
    return (line,) if names else ()
