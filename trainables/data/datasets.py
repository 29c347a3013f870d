"""Datasets by name: the embedded phantom and the datasets of MedMNIST."""

from collections.abc import Callable
from pathlib import Path

from searchspace.names import lookup
from trainables.data import medmnist
from trainables.data.dataset import Dataset
from trainables.data.phantoms import lesions as phantom

Say = Callable[[str], None]


def dataset_names(*, volumes: bool = False) -> tuple[str, ...]:
    """List every name that ``open_dataset`` opens, the phantom first; volumes only if asked for."""
    entries = medmnist.table().items()
    return "phantom", *(name for name, entry in entries if volumes or not entry.volumes)


def open_dataset(
    name: str, size: int, root: Path | None, say: Say, *, volumes: bool = False
) -> Dataset:
    """Open a dataset by name.

    Args:
        name: ``phantom`` or a name of MedMNIST, in lower case.
        size: Side of an image in pixels, of a volume in voxels, one that the dataset comes in.
        root: Folder of MedMNIST's npz files; None means the user's cache folder.
        say: Takes whole sentences about what takes long.
        volumes: Whether the caller can take volumes; they are refused otherwise.

    Raises:
        UserError: If name or size is unknown, the dataset holds volumes that the caller cannot
            take, or the file cannot be had or is not the official one.
    """
    if name in medmnist.table():  # volumes too: the loader says why it refuses them
        return medmnist.load(name, size, root, say, volumes=volumes)
    lookup(dict.fromkeys(dataset_names(volumes=volumes)), name, "dataset")
    return phantom.load(size)
