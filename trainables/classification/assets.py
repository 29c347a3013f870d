"""What all trials of a run share: made once, read by every worker. It holds no test image."""

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
from trainables.study.study import Say

TRIAL_SPLITS: tuple[SplitName, ...] = ("train", "val", "ranking")
ARRAYS = "images.npz"
DESCRIPTION = "data.json"
TEST = "test.npz"


@dataclass(frozen=True)
class Labelled:
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
        classes: Names of the classes or labels, as many as a classifier has logits.
        train: Trains the weights.
        val: Chooses the epoch.
        ranking: Ranks the trial.
    """

    task: Task
    classes: tuple[str, ...]
    train: Labelled
    val: Labelled
    ranking: Labelled


def at_most(data: Labelled, count: int) -> Labelled:
    """Return at most so many images, evenly over the labels; always the same ones."""
    if len(data) <= count:
        return data
    key = data.labels if data.labels.ndim == 1 else data.labels.sum(dim=1)
    places = torch.linspace(0, len(data) - 1, count, device=key.device).round().long()
    rows = key.argsort(stable=True)[places]
    return Labelled(data.images[rows], data.labels[rows])


def open_splits(settings: ClassificationSettings, say: Say) -> tuple[Dataset, Splits]:
    """Open the dataset and split it."""
    dataset = open_dataset(settings.dataset, settings.size, settings.data_root, say)
    wanted = settings.fraction, settings.ranking_from, settings.ranking_images
    return dataset, make_splits(dataset, *wanted, settings.seed)


def write_data(folder: Path, dataset: Dataset, splits: Splits) -> None:
    """Write what trials may see into ``folder``: no test image, so that none can be touched."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for name in TRIAL_SPLITS:
        images = splits.take(dataset, name)
        arrays |= {f"{name}_images": images.pixels, f"{name}_labels": images.labels}
    np.savez(folder / ARRAYS, allow_pickle=False, **arrays)
    described = {"task": dataset.task, "classes": dataset.classes, "name": dataset.name}
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n")
    splits.save(folder / "splits.npz")


def write_test(folder: Path, settings: ClassificationSettings, say: Say) -> None:
    """Open the test images, once: what the folder holds already is not written again."""
    if (folder / TEST).is_file():
        return
    dataset, splits = open_splits(settings, say)
    images = splits.take(dataset, "test")
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"part-{TEST}"
    np.savez(part, allow_pickle=False, images=images.pixels, labels=images.labels)
    part.replace(folder / TEST)


def read_test(folder: Path, device: torch.device) -> Labelled:
    """Read what `write_test` wrote, onto a device."""
    with np.load(folder / TEST, allow_pickle=False) as arrays:
        return to_tensors(Images(arrays["images"], arrays["labels"]), device)


def read_data(folder: Path, device: torch.device) -> Data:
    """Read what `write_data` wrote, onto a device."""
    described = json.loads((folder / DESCRIPTION).read_text())
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        train, val, ranking = (
            to_tensors(Images(arrays[f"{name}_images"], arrays[f"{name}_labels"]), device)
            for name in TRIAL_SPLITS
        )
    return Data(described["task"], tuple(described["classes"]), train, val, ranking)


def to_tensors(images: Images, device: torch.device) -> Labelled:
    """Turn NumPy images into tensors, channels first."""
    pixels = torch.from_numpy(images.pixels).movedim(-1, 1).contiguous()
    return Labelled(pixels.to(device), torch.from_numpy(images.labels).to(device))
