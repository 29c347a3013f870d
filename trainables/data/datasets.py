"""Datasets by name: the embedded phantom and the 2D datasets of MedMNIST."""

from collections.abc import Callable
from pathlib import Path

from searchspace.names import lookup
from trainables.data import medmnist, phantom
from trainables.data.dataset import Dataset

Say = Callable[[str], None]


def dataset_names() -> tuple[str, ...]:
    """List every name that ``open_dataset`` knows, the phantom first."""
    return "phantom", *(name for name, entry in medmnist.table().items() if not entry.volumes)


def open_dataset(name: str, size: int, root: Path | None, say: Say) -> Dataset:
    """Open a dataset by name.

    Args:
        name: ``phantom`` or a name of MedMNIST, in lower case.
        size: Side of an image in pixels, one that the dataset comes in.
        root: Folder of MedMNIST's npz files; None means the user's cache folder.
        say: Told, in whole sentences, what takes long.

    Raises:
        UserError: If name or size is unknown, or the file cannot be had or is not the official one.
    """
    if name in medmnist.table():  # volumes too: the loader says why it refuses them
        return medmnist.load(name, size, root, say)
    lookup(dict.fromkeys(dataset_names()), name, "dataset")
    return phantom.load(size)
