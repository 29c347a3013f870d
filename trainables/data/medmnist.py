"""The datasets of MedMNIST, 2D and 3D, read from their npz files [medmnist].

The package ``medmnist`` holds the table of datasets, checksums and addresses. Importing it would
make a folder in the user's home and load torchvision, so its table is read as a literal from its
source instead.
"""

import ast
import contextlib
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images
from trainables.data.task import Task
from trainables.runtime.folders import cache_folder

Say = Callable[[str], None]
Array = npt.NDArray[Any]

SIZES = (28, 64, 128, 224)
TIMEOUT_S = 30  # of one connection or one silent read, not of the whole download

TASKS: Mapping[str, Task] = {
    "binary-class": "binary",
    "multi-class": "multi-class",
    "ordinal-regression": "ordinal",
    "multi-label, binary-class": "multi-label",
}


@dataclass(frozen=True)
class RemoteFile:
    """Where the official file of one size lies, and its MD5 in hexadecimal digits."""

    url: str
    md5: str


@dataclass(frozen=True)
class Entry:
    """What MedMNIST's table says about one dataset; ``files`` by size in pixels or voxels."""

    name: str
    task: Task
    classes: tuple[str, ...]
    channels: int
    licence: str
    files: Mapping[int, RemoteFile]

    @property
    def volumes(self) -> bool:
        """Whether the dataset holds 3D volumes."""
        return self.name.endswith("3d")


@cache
def table() -> Mapping[str, Entry]:
    """Read MedMNIST's table of datasets, 2D and 3D, without importing the package.

    Raises:
        UserError: If the package is not installed or holds no such table.
    """
    spec = find_spec("medmnist")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        source = Path(folder) / "info.py"
        for node in ast.parse(source.read_text("utf-8")).body if source.is_file() else []:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INFO":
                rows: dict[str, dict[str, Any]] = ast.literal_eval(node.value)
                return {name: _entry(name, row) for name, row in rows.items()}
    raise UserError("MedMNIST's table of datasets was not found: pip install 'medmnist>=3.0.2,<4'")


def _entry(name: str, row: Mapping[str, Any]) -> Entry:
    suffixes = {size: "" if size == 28 else f"_{size}" for size in SIZES}
    return Entry(
        name=name,
        task=TASKS[row["task"]],
        classes=tuple(row["label"][str(number)] for number in range(len(row["label"]))),
        channels=row["n_channels"],
        licence=row["license"],
        files={
            size: RemoteFile(row["url" + suffix], row["MD5" + suffix])
            for size, suffix in suffixes.items()
            if "MD5" + suffix in row
        },
    )


def load(name: str, size: int, root: Path | None, say: Say, *, volumes: bool = False) -> Dataset:
    """Load one dataset from its official file, downloading the file where it is missing.

    Format: square 2D images, grey or RGB, or grey 3D cubes, uint8; one npz file for each name and
    size. Classes: 2 to 14, binary, multi-class, ordinal or multi-label, as MedMNIST's table says.
    Splits: the official train, val and test. Please cite [medmnist] and the dataset's source.

    Args:
        name: A name of MedMNIST's table, such as ``breastmnist`` or ``organmnist3d``.
        size: Side of an image in pixels: 28, 64, 128 or 224; of a volume in voxels: 28 or 64.
        root: Folder of the npz files; None means the user's cache folder.
        say: Takes a line that says where the file comes from, when it is downloaded.
        volumes: Whether the caller can take volumes.

    Raises:
        UserError: If name or size is unknown, the dataset holds volumes that the caller cannot
            take, or the official file cannot be had.
    """
    entry = lookup(table(), name, "dataset")
    if entry.volumes and not volumes:
        raise UserError(f"dataset '{name}' holds volumes: this study takes images alone")
    if size not in entry.files:
        unit = "voxels" if entry.volumes else "pixels"
        raise UserError(f"size {size}: {name} comes in {', '.join(map(str, entry.files))} {unit}")
    path = (root or cache_folder()) / (f"{name}.npz" if size == 28 else f"{name}_{size}.npz")
    if not path.exists():
        _download(path, entry.files[size], say)
    _verify(path, entry.files[size])
    return parse(path, entry, size)


def _download(path: Path, remote: RemoteFile, say: Say) -> None:
    import pooch  # noqa: PLC0415 - loads requests; most runs download nothing

    if path.parent.is_file():
        raise UserError(f"{path.parent} is a file: name the folder of MedMNIST's files")
    say(f"{path.name} is not in {path.parent}: downloading it from {remote.url}")
    pooch.get_logger().setLevel("WARNING")  # it would say the same again, over three lines
    absent = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    try:
        # pooch writes under a temporary name and moves the file only once its checksum is right.
        pooch.retrieve(
            remote.url,
            known_hash=f"md5:{remote.md5}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT_S),
        )
    except (
        OSError,
        ValueError,
    ) as error:  # requests' errors are OSErrors, a checksum's a ValueError
        for folder in absent:  # that pooch has made: the folder may be a misspelt one
            with contextlib.suppress(OSError):
                folder.rmdir()
        reason = "wrong checksum" if isinstance(error, ValueError) else _reason(error)
        raise UserError(
            f"cannot download {remote.url} ({reason}): put the file by hand at {path}"
        ) from error


def _reason(error: OSError) -> str:
    """Say in a few words what failed; requests' own texts fill several lines."""
    return error.strerror or {"ConnectionError": "no network"}.get(
        type(error).__name__, type(error).__name__
    )


def _verify(path: Path, remote: RemoteFile) -> None:
    """Compare the file's MD5 with the table's; there is no way round this.

    Nothing of another file is unpacked, not even to say what is wrong with it.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UserError(f"{path} is no regular file; {_remedy(remote)}")
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, _md5).hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {_reason(error)}") from error
    if md5 != remote.md5:
        raise UserError(
            f"{path}: truncated, damaged or not the official file: its MD5 is {md5}, not "
            f"{remote.md5}; {_remedy(remote)}"
        )


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


def _remedy(remote: RemoteFile) -> str:
    return f"delete it to download it again, or replace it by {remote.url}"


def parse(path: Path, entry: Entry, size: int) -> Dataset:
    """Read an npz file in MedMNIST's layout, whatever its checksum.

    The layout: ``{train,val,test}_images``, uint8 (N, size, size) or (N, size, size, 3), of volumes
    (N, size, size, size), and ``{train,val,test}_labels``, integers (N, 1), for multi-label data
    (N, L).

    Args:
        path: The npz file.
        entry: What the file should hold.
        size: Side of an image in pixels, of a volume in voxels.

    Raises:
        UserError: If the file cannot be read or holds anything else; names the file and the remedy.
    """
    try:
        arrays = _read(path)
        train, val, test = (_images(arrays, split, entry, size) for split in OFFICIAL_SPLITS)
        return Dataset(
            name=entry.name,
            task=entry.task,
            classes=entry.classes,
            train=train,
            val=val,
            test=test,
            licence=entry.licence,
            source=f"MedMNIST v2, {entry.files[size].url.partition('?')[0]}",
            cites=("medmnist",),
        )
    except ValueError as error:
        raise UserError(f"{path}: {error}; {_remedy(entry.files[size])}") from error
    except MemoryError as error:
        raise UserError(f"{path}: does not fit into memory; choose a smaller size") from error


def _read(path: Path) -> dict[str, Array]:
    """Read the six arrays.

    Raises:
        ValueError: If the file is no npz or lacks one of them.
    """
    names = [f"{split}_{kind}" for split in OFFICIAL_SPLITS for kind in ("images", "labels")]
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.removesuffix(".npy") for member in archive.namelist()}
        missing = [name for name in names if name not in members]
        if not missing:
            with np.load(path, allow_pickle=False) as npz:
                return {name: np.asarray(npz[name]) for name in names}
    # ValueError: Python objects; RuntimeError: an encrypted archive or an unknown compression
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise ValueError("truncated, damaged or not an npz file of plain arrays") from error
    raise ValueError(f"lacks {', '.join(missing)}")


def _images(arrays: Mapping[str, Array], split: str, entry: Entry, size: int) -> Images:
    pixels, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    image = (size,) * (3 if entry.volumes else 2)
    if entry.channels > 1:
        image = (*image, entry.channels)
    row = (len(entry.classes) if entry.task == "multi-label" else 1,)
    for kind, array, shape, integer in (
        ("images", pixels, image, np.uint8),
        ("labels", labels, row, np.integer),
    ):
        if np.issubdtype(array.dtype, np.floating) and np.isnan(array).any():
            raise ValueError(f"{split}_{kind} holds NaN")
        if not np.issubdtype(array.dtype, integer) or array.shape[1:] != shape:
            raise ValueError(
                f"{split}_{kind} is {array.dtype} {array.shape}, "
                f"expected {integer.__name__} (N, {', '.join(map(str, shape))})"
            )
    if len(pixels) != len(labels):
        raise ValueError(f"{len(pixels)} {split}_images, but {len(labels)} {split}_labels")
    numbers = labels.astype(np.int64)
    return Images(
        pixels[..., np.newaxis] if entry.channels == 1 else pixels,
        numbers if entry.task == "multi-label" else numbers[:, 0],
    )
