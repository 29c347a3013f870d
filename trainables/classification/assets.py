"""The images of a run: splits written once and read by every worker, without the test images."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainables.classification.settings import ClassificationSettings
from trainables.data.dataset import Dataset, Images
from trainables.data.datasets import open_dataset
from trainables.data.splits import SplitName, Splits, make_splits
from trainables.data.task import Task
from trainables.runtime.files import replacement, write_atomically
from trainables.study.study import Say

TRIAL_SPLITS: tuple[SplitName, ...] = ("train", "val", "ranking")
ARRAYS = "images.npz"
DESCRIPTION = "data.json"
TEST = "test.npz"


@dataclass(frozen=True)
class LabelledImages:
    """Images (N, C, H, W) or volumes (N, C, D, H, W), uint8; labels int64, (N,) or (N, L)."""

    images: Tensor
    labels: Tensor

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
    return LabelledImages(data.images[rows], data.labels[rows])


def open_splits(settings: ClassificationSettings, say: Say) -> tuple[Dataset, Splits]:
    """Open the dataset of the settings, downloaded where necessary, and split it."""
    dataset = open_dataset(settings.dataset, settings.size, settings.data_root, say)
    shares = settings.fraction, settings.ranking_from, settings.ranking_images
    return dataset, make_splits(dataset, *shares, settings.seed)


def write_data(folder: Path, dataset: Dataset, splits: Splits) -> None:
    """Write the splits that trials may see; test images stay out, so that no trial can read one.

    Args:
        folder: Made here where it does not exist.
        dataset: Opened.
        splits: Of the dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for name in TRIAL_SPLITS:
        images = splits.take(dataset, name)
        arrays |= {f"{name}_images": images.pixels, f"{name}_labels": images.labels}
    np.savez(folder / ARRAYS, allow_pickle=False, **arrays)
    description = {"task": dataset.task, "classes": dataset.classes, "name": dataset.name}
    write_atomically(folder / DESCRIPTION, json.dumps(description, indent=2) + "\n")
    splits.save(folder / "splits.npz")


def write_test(folder: Path, settings: ClassificationSettings, say: Say) -> None:
    """Open the test images and write them, unless the folder holds them already.

    Args:
        folder: For the test images alone; made here where it does not exist.
        settings: Of the run; the dataset and the splits follow from them.
        say: Receives a sentence before each step that takes long.
    """
    if (folder / TEST).is_file():
        return
    dataset, splits = open_splits(settings, say)
    images = splits.take(dataset, "test")
    folder.mkdir(parents=True, exist_ok=True)
    with replacement(folder / TEST) as part, part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, images=images.pixels, labels=images.labels)


def read_test(folder: Path, device: torch.device) -> LabelledImages:
    """Read the test images that `write_test` wrote, onto a device."""
    with np.load(folder / TEST, allow_pickle=False) as arrays:
        return to_tensors(Images(arrays["images"], arrays["labels"]), device)


def read_data(folder: Path, device: torch.device) -> Data:
    """Read the splits that `write_data` wrote, onto a device."""
    description = json.loads((folder / DESCRIPTION).read_text())
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        train, val, ranking = (
            to_tensors(Images(arrays[f"{name}_images"], arrays[f"{name}_labels"]), device)
            for name in TRIAL_SPLITS
        )
    return Data(description["task"], tuple(description["classes"]), train, val, ranking)


def to_tensors(images: Images, device: torch.device) -> LabelledImages:
    """Turn NumPy images into tensors, channels first."""
    pixels = torch.from_numpy(images.pixels).movedim(-1, 1).contiguous()
    return LabelledImages(pixels.to(device), torch.from_numpy(images.labels).to(device))
