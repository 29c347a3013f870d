"""Where the files of a run are, so that all its nodes find them: a shared folder, or a store.

Paths are those of the run folder on the driver's machine. Folders that many trials read are fetched
from a store into a node's own cache: once, whatever the number of trials.
"""

import hashlib
import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from shutil import disk_usage
from typing import final

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from search.record.run_folder import CHECKPOINT
from search.storage.store import Copy, StorageError, Store
from trainables.door.opening import files_below, move_folder, remove_file, remove_folder
from trainables.door.paths import inside, parts_of
from trainables.door.records import parse_json
from trainables.runtime.errors import first_line
from trainables.runtime.files import cannot_write
from trainables.runtime.folders import cache_folder

MOST_FILES = 20_000  # of a folder: more would take the disk's room for names
LISTING = ".listing.json"  # of a folder's files, written after them: without it they are incomplete


class _Entry(BaseModel):
    """A file of a listing; the same as `Copy`, checked."""

    model_config = ConfigDict(frozen=True, strict=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


LISTED = TypeAdapter(dict[str, _Entry])


class Depot(ABC):
    """Brings files of a run here and sends them where the other nodes find them."""

    @abstractmethod
    def place(self, path: Path) -> Path:
        """Return where this process writes a file or folder of the run."""

    @abstractmethod
    def bring_folder(self, path: Path) -> Path:
        """Return where a folder that was sent is on this machine, to be read and not written."""

    @abstractmethod
    def bring_file(self, path: Path) -> Path:
        """Return where a file that was sent is on this machine; no file is there if none was."""

    @abstractmethod
    def send_folder(self, path: Path) -> None:
        """Send a folder that was written at its `place`, without checkpoints (see `send_file`)."""

    @abstractmethod
    def ensure_folder(self, path: Path) -> None:
        """Send a folder that never changes, unless it was sent before."""

    @abstractmethod
    def send_file(self, path: Path) -> None:
        """Send a file that was written at its `place`."""

    @abstractmethod
    def remove_file(self, path: Path) -> None:
        """Remove a file that was sent from a store; on a shared disk the owner removes it."""

    @abstractmethod
    def for_nodes(self) -> "Depot":
        """Return the depot for processes that do not work in the driver's folder."""


@final
@dataclass(frozen=True)
class SharedFolder(Depot):
    """A file system that all nodes see under the same path, so that nothing has to be sent."""

    def place(self, path: Path) -> Path:
        """Return the path itself."""
        return path

    def bring_folder(self, path: Path) -> Path:
        """Return the path itself."""
        return path

    def bring_file(self, path: Path) -> Path:
        """Return the path itself."""
        return path

    def send_folder(self, path: Path) -> None:
        """Do nothing."""

    def ensure_folder(self, path: Path) -> None:
        """Do nothing."""

    def send_file(self, path: Path) -> None:
        """Do nothing."""

    def remove_file(self, path: Path) -> None:
        """Do nothing."""

    def for_nodes(self) -> "SharedFolder":
        """Return itself."""
        return self


SHARED = SharedFolder()


@final
@dataclass(frozen=True)
class StoredFolder(Depot):
    """A run folder on the driver's machine, and a store from which all nodes fetch.

    Attributes:
        root: The run folder.
        store: Has the folder's files under the same names.
        at_home: Whether this process works in the run folder, and not in a folder of its node.
    """

    root: Path
    store: Store
    at_home: bool = True

    def place(self, path: Path) -> Path:
        """Return the path itself, or the one for it in a folder of this node."""
        if self.at_home:
            return inside(self.root, self._name(path))
        run = hashlib.sha256(f"{self.store.uri} {self.root}".encode()).hexdigest()[:16]
        return _nodes_folder() / f"run-{run}" / self._name(path)

    def bring_folder(self, path: Path) -> Path:
        """Return the folder of the run, or a copy in this node's cache, not to be written.

        Raises:
            StorageError: If it was not sent, or differs from what was sent.
        """
        if self.at_home:
            if not path.is_dir():
                fetch_folder(self.store.child(self._name(path)), path)
            return path
        return _cache(self.store.child(self._name(path)))

    def bring_file(self, path: Path) -> Path:
        """Return where the file is on this machine; fetch it, unless the driver's folder has it."""
        copy = self.place(path)
        if self.at_home and copy.is_file():
            return copy
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.store.download(self._name(path), copy)
        except FileNotFoundError:
            remove_file(copy)
        return copy

    def send_folder(self, path: Path) -> None:
        """Copy a folder to the store; a node's own copy is removed."""
        source = self.place(path)
        keep_folder(source, self.store.child(self._name(path)))
        if not self.at_home:
            remove_folder(source)

    def ensure_folder(self, path: Path) -> None:
        """Copy a folder to the store unless its listing, which is written last, is there."""
        if self.store.read(f"{self._name(path)}/{LISTING}") is None:
            self.send_folder(path)

    def send_file(self, path: Path) -> None:
        """Copy a file to the store; a node's own copy is removed."""
        source = self.place(path)
        self.store.upload(source, self._name(path))
        if not self.at_home:
            remove_file(source)

    def remove_file(self, path: Path) -> None:
        """Remove the object of that name."""
        self.store.remove(self._name(path))

    def for_nodes(self) -> "StoredFolder":
        """Return a depot that works in a folder of the node that it is used on."""
        return replace(self, at_home=False)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def keep_folder(folder: Path, store: Store) -> None:
    """Copy a folder to a store, file by file, then the list of them with their digests."""
    names = {file.relative_to(folder).as_posix(): file for file in files_below(folder)}
    listing = {
        name: store.upload(file, name)._asdict()
        for name, file in names.items()
        if file.name != CHECKPOINT and not file.name.startswith(".")
    }
    store.write(LISTING, json.dumps(listing).encode())


def fetch_folder(store: Store, folder: Path) -> None:
    """Copy what `keep_folder` sent into a new folder, all of it or none.

    Raises:
        StorageError: If it is not there, or an object differs from what was sent.
    """
    _fetch(store, _listing(store), folder)


@cache
def _cache(store: Store) -> Path:
    """Return this node's copy of a folder; the first process that asks fetches it.

    The copy is named by its content, so that another run with the same assets finds it.
    """
    listing = _listing(store)
    described = json.dumps({name: entry._asdict() for name, entry in listing.items()})
    folder = _nodes_folder() / hashlib.sha256(described.encode()).hexdigest()[:16]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                _fetch(store, listing, folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _fetch(store: Store, listing: Mapping[str, Copy], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    size, free = sum(entry.size for entry in listing.values()), disk_usage(folder.parent).free
    if size > free:  # said before the disk of this machine is filled
        raise StorageError(
            f"{store} has {size / 2**30:,.1f} GiB by its {LISTING}, and there are "
            f"{free / 2**30:,.1f} free at {folder.parent}"
        )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        partial = Path(scratch, folder.name)
        partial.mkdir()
        for name, entry in listing.items():
            file = inside(partial, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                download = store.download(name, file, entry.size)
            except FileNotFoundError:
                raise StorageError(f"{store}/{name} is not there any more") from None
            if download != entry:
                raise StorageError(f"{store}/{name} is damaged: it is not what was kept there")
        move_folder(partial, folder)


def _listing(store: Store) -> dict[str, Copy]:
    """Read which files a folder has: their names, sizes and digests.

    Raises:
        StorageError: If it is not there, or holds anything else.
    """
    content = store.read(LISTING)
    if content is None:
        raise StorageError(f"{store} is not there")
    try:
        listing = LISTED.validate_python(parse_json(content))
        names = ["/".join(parts_of(name)) for name in listing]
        if len(names) > MOST_FILES or len({name.lower() for name in names}) < len(names):
            raise ValueError(  # noqa: TRY301 - as all that is wrong with it
                f"it has more than {MOST_FILES} names, or two that differ in capitals alone"
            )
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{store}/{LISTING} is damaged: {first_line(error)}") from None
    return {name: Copy(listing[name].size, listing[name].sha256) for name in names}


def _nodes_folder() -> Path:
    return cache_folder() / "nodes"
