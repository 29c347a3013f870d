"""Open files of a run: regular ones, never through a link, and never more of them than allowed.

Paths come from `trainables.door.paths.inside`, so that no link leads to the folder; here the file
itself is opened without following one.
"""

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENAMETOOLONG
from pathlib import Path
from typing import BinaryIO, Literal

from searchspace.errors import UserError
from trainables.door.paths import is_link

Purpose = Literal["read", "append", "update"]
FLAGS: dict[Purpose, int] = {
    "read": os.O_RDONLY,
    "append": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    "update": os.O_RDWR,
}
MODES: dict[Purpose, Literal["rb", "ab", "r+b"]] = {"read": "rb", "append": "ab", "update": "r+b"}
# Not everywhere; a pipe is opened at once, and then refused.
CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
MIB = 2**20
LEVELS = 100  # of folders in a folder
PART_NAME = re.compile(r"\.(.+)\.([1-9][0-9]{0,8})")  # of `replacement`


def open_file(file: Path, purpose: Purpose = "read") -> BinaryIO:
    """Open a regular file.

    Args:
        file: As `inside` returns it.
        purpose: ``append`` makes it where it is missing; ``update`` reads and writes.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it is a link, or no regular file; or is to be written, and has another name
            elsewhere (a hard link).
        OSError: If the system refuses.
    """
    if is_link(file):
        raise UserError(f"{file} is a link, which is not followed: replace it by what it means")
    try:
        descriptor = os.open(file, FLAGS[purpose] | CAREFULLY, 0o666)
    except NotADirectoryError as error:  # a file in the place of its folder
        raise FileNotFoundError(*error.args, str(file)) from None
    status = os.fstat(descriptor)
    hard_link = purpose != "read" and status.st_nlink > 1
    if hard_link or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        kind = "also another file's (a hard link)" if hard_link else "no regular file"
        raise UserError(f"{file} is {kind}: replace it by a copy, or remove it")
    return os.fdopen(descriptor, MODES[purpose])


def read_bytes(file: Path, limit: int) -> bytes:
    """Read a whole file.

    Args:
        file: As `inside` returns it.
        limit: Bytes that it may have.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it is longer, or `open_file` refuses it.
    """
    with open_file(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > limit:
            raise too_long(file, size, limit)
        return stream.read(limit)


def too_long(file: Path, size: int, limit: int) -> UserError:
    """Say that a file has more bytes than are read.

    Args:
        file: The file.
        size: Bytes that it has.
        limit: Bytes that are read.
    """
    return UserError(
        f"{file} has {size / MIB:,.1f} MiB, and at most {limit / MIB:,.1f} are read: it is "
        "damaged, or not of this program"
    )


def check_regular(file: Path, *, alone: bool = False) -> None:
    """Refuse what a library is about to open by its name, unless it is missing or regular.

    Args:
        file: As `inside` returns it.
        alone: Whether it may have no other name elsewhere (a hard link), as it is written to.

    Raises:
        UserError: If it is a link, a pipe, a folder or a device.
    """
    if not os.path.lexists(file):
        return
    status = os.lstat(file)
    if not stat.S_ISREG(status.st_mode) or (alone and status.st_nlink > 1):
        raise UserError(f"{file} is no regular file of its own: remove it")


@contextmanager
def replacement(file: Path, *, durable: bool = False) -> Iterator[Path]:
    """Replace a file by a new one; a reader, or a crash, finds either the old or the new.

    The block writes to the path it receives, a hidden name in the same folder that is free. When
    the block ends, that file takes the place of the old one (of a link, not of what it points at);
    when it raises, that file is removed and the old one stays.

    Args:
        file: Replaced.
        durable: Whether it is on the disk when this returns, and not only in the system's memory.

    Raises:
        OSError: If the block raises it, or the file cannot be replaced.

    Example:
        >>> with replacement(file) as part, part.open("wb") as stream:  # doctest: +SKIP
        ...     np.savez(stream, scores=scores)
    """
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.unlink(missing_ok=True)  # of a process that had the same number, or a link
        yield part
        if durable:
            sync_file(part)
        part.replace(file)
        if durable:
            sync_folder(file.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def left_by_dead(folder: Path) -> list[tuple[Path, int]]:
    """List what `replacement` has left below a folder in processes that are not there any more.

    Returns:
        Each file, and the number of the process; a file of another program may have such a name.
    """
    matches = ((file, PART_NAME.fullmatch(file.name)) for file in files_below(folder))
    parts = [(file, int(match[2])) for file, match in matches if match]
    return [(file, process) for file, process in parts if not _is_alive(process)]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def make_secret(file: Path, content: bytes) -> None:
    """Make a file that its owner alone can read, whole at once; one that is there stays.

    Of two processes that make it, both then find the first one's. Its folder is made where it is
    missing.

    Raises:
        OSError: If it cannot be made.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()


def sync_file(file: Path) -> None:
    """Wait until a file's content is on the disk."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; nothing where the system cannot."""
    try:
        sync_file(folder)
    except OSError:  # Windows, some network file systems
        return


def sync_tree(folder: Path) -> None:
    """Wait until all files below a folder are on the disk, and then their names."""
    for path, entries in _walk(folder):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                sync_file(Path(entry.path))
        sync_folder(path)


def copy_tree(source: Path, target: Path) -> None:
    """Copy the regular files below a folder, each whole or not at all; others are refused.

    Args:
        source: A folder, as `inside` returns it.
        target: Made where it is missing; files of other names in it stay.

    Raises:
        UserError: If there is a link or a pipe in either.
        OSError: If a file cannot be written.
    """
    for _ in _walk(source):  # which refuses what is nested too deeply
        pass
    target.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir()):
        if entry.is_dir() and not is_link(entry):
            if is_link(target / entry.name):
                raise UserError(
                    f"{target / entry.name} is a link, which is not followed: remove it"
                )
            copy_tree(entry, target / entry.name)
            continue
        with (
            open_file(entry) as content,
            replacement(target / entry.name) as part,
            part.open("wb") as stream,
        ):
            shutil.copyfileobj(content, stream)


def files_below(folder: Path) -> list[Path]:
    """List the regular files below a folder, at any depth, in order; links are left out."""
    return sorted(
        Path(entry.path)
        for _, entries in _walk(folder)
        for entry in entries
        if entry.is_file(follow_symlinks=False)
    )


def _walk(folder: Path) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """Yield a folder and all below it, each with its entries; links are not followed.

    Raises:
        UserError: If they are nested more deeply than anybody nests them.
    """
    folders = [(folder, 0)]
    while folders:
        path, level = folders.pop()
        if level > LEVELS:
            raise UserError(f"{folder} is nested more than {LEVELS} folders deep: remove what is")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as stream:
            entries = list(stream)
            yield path, entries
            folders += [
                (Path(entry.path), level + 1)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
            ]


def refuse_links(folder: Path) -> None:
    """Refuse a folder with a link below it: what works there by name might follow it.

    Raises:
        UserError: With the first link.
    """
    for _, entries in _walk(folder):
        for entry in entries:
            if entry.is_symlink():
                raise UserError(
                    f"{entry.path} is a link, which is not followed: replace it by what it means"
                )


def list_folder(folder: Path) -> list[Path]:
    """List a folder's regular files, sorted by name; none where there is no such folder.

    Raises:
        UserError: If one of them is a link, a pipe or a device.
    """
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if is_link(path) or not path.is_dir())
    for file in files:
        check_regular(file)
    return files


def is_empty(folder: Path) -> bool:
    """Tell whether a folder holds nothing, or is not there."""
    return not folder.exists() or not any(folder.iterdir())


def names_in(folder: Path) -> list[str]:
    """List the names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def remove_file(file: Path) -> None:
    """Remove a file, if it is there; of a link, the link."""
    file.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, if it is there; links in it are removed and not followed.

    Raises:
        OSError: If it is a link itself, or cannot be removed.
    """
    if not os.path.lexists(folder):
        return
    try:
        shutil.rmtree(folder)
    except RecursionError:  # of a thousand folders, each in the one before
        raise OSError(ENAMETOOLONG, "it is nested too deeply", str(folder)) from None


def move_folder(source: Path, target: Path) -> None:
    """Give a folder another name, which is free or that of an empty folder.

    Raises:
        OSError: If the target holds anything.
    """
    source.replace(target)


def move_file(source: Path, target: Path) -> None:
    """Give a file another name in its folder; of a link, the link.

    Raises:
        FileExistsError: If there is anything of that name.
    """
    if os.path.lexists(target):
        raise FileExistsError(f"{target} exists")
    source.rename(target)
