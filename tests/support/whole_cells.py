"""What the cells of TSynD's tables wrote, and the images of a run that chose their methods."""

from dataclasses import replace
from pathlib import Path

from trainables.classification.assets import write_data
from trainables.data.dataset import Images
from trainables.data.datasets import open_dataset
from trainables.data.splits import make_splits


def written(folder: Path) -> dict[Path, int]:
    """When each training and each score was written."""
    files = [*folder.glob("cells/*/trials/*/model.json"), *folder.glob("cells/*/scores/*.json")]
    return {file: file.stat().st_mtime_ns for file in files}


def write_phantom(assets: Path, swapped: int = 0) -> None:
    """Write the images of a run on the phantom, of which so many were test images elsewhere."""
    dataset = open_dataset("phantom", 28, None, lambda _: None)
    pixels = dataset.train.pixels.copy()
    pixels[:swapped] = dataset.test.pixels[:swapped]
    dataset = replace(dataset, train=Images(pixels, dataset.train.labels))
    write_data(assets, dataset, make_splits(dataset, 0.1, "left-out", 48, 0, None))
