"""Datasets by name: the embedded phantoms and the datasets of MedMNIST."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.data import medmnist
from trainables.data.dataset import Dataset
from trainables.data.phantoms import balls, lesions
from trainables.data.task import Task

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outline:
    """What is known of a dataset before it is opened.

    Attributes:
        task: What its labels mean.
        channels: Of an image: 1 or 3.
        volumes: Whether it holds volumes.
        sizes: Sides that it comes in, in pixels or voxels.
    """

    task: Task
    channels: int = 1
    volumes: bool = False
    sizes: tuple[int, ...] = ()


PHANTOMS = {
    "phantom": (Outline(lesions.TASK, sizes=lesions.SIZES), lesions.load),
    balls.NAME: (Outline(balls.TASK, volumes=True, sizes=balls.SIZES), balls.load),
}


def outline(name: str) -> Outline | None:
    """Return what is known of a dataset by its name; None for an unknown one."""
    if name in PHANTOMS:
        return PHANTOMS[name][0]
    entry = medmnist.table().get(name)
    if entry is None:
        return None
    return Outline(entry.task, entry.channels, entry.volumes, tuple(entry.files))


def dataset_names(*, volumes: bool = False) -> tuple[str, ...]:
    """List every name that ``open_dataset`` opens, the phantoms first; volumes if asked for."""
    entries = medmnist.table().items()
    return (
        *(name for name, (about, _) in PHANTOMS.items() if volumes or not about.volumes),
        *(name for name, entry in entries if volumes or not entry.volumes),
    )


def open_dataset(
    name: str, size: int, root: Path | None, say: Say, *, volumes: bool = False
) -> Dataset:
    """Open a dataset by name.

    Args:
        name: The name of a phantom or of MedMNIST, in lower case.
        size: Side of an image in pixels, of a volume in voxels, one that the dataset comes in.
        root: Folder of MedMNIST's npz files; None means the user's cache folder.
        say: Takes whole sentences about what takes long.
        volumes: Whether the caller can take volumes; they are refused otherwise.

    Raises:
        UserError: If name or size is unknown, the dataset holds volumes that the caller cannot
            take, or the file cannot be had or is not the official one.
    """
    about = outline(name)
    if about is None:
        lookup(dict.fromkeys(dataset_names(volumes=volumes)), name, "dataset")
    elif about.volumes and not volumes:
        raise UserError(f"dataset '{name}' holds volumes: this study takes images alone")
    if name in PHANTOMS:
        return PHANTOMS[name][1](size)
    return medmnist.load(name, size, root, say, volumes=volumes)
