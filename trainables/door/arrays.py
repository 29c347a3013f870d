"""Arrays of a run: what a file says of shapes and sizes is checked before a byte is unpacked."""

import io
import math
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import EINVAL
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from searchspace.errors import UserError
from trainables.door.opening import MIB, open_file, replacement

SCORES_BYTES = 32 * MIB  # unpacked, of a file of scores, or of all pictures of a run; what reads
# them makes numbers of eight bytes of bits
MEMBERS = 256
HEADER_BYTES = 10_000
CHUNK = 4 * MIB
# The others unpack all that they are handed at once, whatever size the archive says.
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
DAMAGES = (
    *(ValueError, TypeError, KeyError, EOFError, RuntimeError, NotImplementedError),
    *(OverflowError, zipfile.BadZipFile, zlib.error),
)
Array = npt.NDArray[Any]


class _Portions(io.BufferedReader):
    """A file of which nothing is read at once that is longer than a chunk, such as a directory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes."""
        if size is not None and size > CHUNK:
            raise ValueError(f"its directory has {size / MIB:,.0f} MiB")
        return super().read(size)


class Arrays:
    """An open npz file, whose members are read by name; made by `open_arrays`."""

    def __init__(self, file: Path, archive: zipfile.ZipFile) -> None:
        self._file, self._archive = file, archive

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self._archive.namelist()

    def get(self, name: str) -> Array | None:
        """Unpack one member; None where there is none of that name."""
        return self[name] if name in self else None  # noqa: SIM401 - this is `get`

    def __getitem__(self, name: str) -> Array:
        """Unpack one member.

        Raises:
            UserError: If it is missing or damaged, or holds something other than numbers and text.
        """
        try:
            with self._archive.open(f"{name}.npy") as stream:
                content = cast("BinaryIO", stream)
                array = _read(content, self._archive.getinfo(f"{name}.npy").file_size)
                if stream.read(1):
                    raise ValueError("it is longer than its header says")
                return array
        except DAMAGES as error:
            raise _damaged(self._file, error) from None
        except OSError as error:
            if error.errno != EINVAL:  # a position that there is not; else the disk fails
                raise
            raise _damaged(self._file, error) from None


@contextmanager
def open_arrays(file: Path, limit: int | None = SCORES_BYTES) -> Iterator[Arrays]:
    """Open an npz file.

    Args:
        file: As `trainables.door.paths.inside` returns it.
        limit: Bytes that its members may take together, unpacked. None where they may take what the
            file has on the disk: then none of them may be packed.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it is no npz file, is damaged, or would take more.
    """
    raw = cast("io.BufferedReader", open_file(file)).detach()
    with _Portions(raw) as stream:
        try:
            archive = zipfile.ZipFile(stream)
            _check_members(archive, limit)
        except (*DAMAGES, OSError) as error:
            raise _damaged(file, error) from None
        with archive:
            yield Arrays(file, archive)


def write_arrays(file: Path, arrays: Mapping[str, npt.ArrayLike], *, packed: bool = False) -> None:
    """Write an npz file, whole or not at all.

    Args:
        file: Replaced.
        arrays: By name; numbers and text.
        packed: Whether they are compressed.
    """
    write = np.savez_compressed if packed else np.savez
    with replacement(file) as part, part.open("wb") as stream:
        write(stream, allow_pickle=False, **{name: np.asarray(arrays[name]) for name in arrays})


def write_array(file: Path, array: Array) -> None:
    """Write an npy file, whole or not at all."""
    with replacement(file) as part, part.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def map_array(file: Path) -> Array:
    """Map an npy file, of which only what is looked at is read.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it is damaged, or holds something other than numbers.
    """
    with open_file(file) as stream:
        try:
            shape, fortran, kind = _header(stream)
            start, size = stream.tell(), os.fstat(stream.fileno()).st_size
            if size - start != math.prod(shape) * kind.itemsize:
                raise ValueError("its size is not what its header says")
            order: Any = "F" if fortran else "C"
            if not math.prod(shape):
                return np.empty(shape, kind, order)
            return np.memmap(stream, kind, "r", start, shape, order)
        except (*DAMAGES, OSError) as error:
            raise _damaged(file, error) from None


def _check_members(archive: zipfile.ZipFile, limit: int | None) -> None:
    members = archive.infolist()
    if len(members) > MEMBERS or len({member.filename for member in members}) < len(members):
        raise ValueError("it has too many members, or two of one name")
    if not METHODS.issuperset(member.compress_type for member in members):
        raise ValueError("its members are packed in another way than npz files are")
    if limit is None and any(member.compress_type for member in members):
        raise ValueError("its members are packed")
    size = sum(member.file_size for member in members)
    if limit is not None and size > limit:
        raise ValueError(f"it takes {size / MIB:,.0f} MiB, and at most {limit / MIB:,.0f} are read")
    if limit is None and size > os.fstat(archive.fp.fileno()).st_size:  # type: ignore[union-attr]  # open
        raise ValueError("it says that it takes more than it has")


def _read(stream: BinaryIO, size: int) -> Array:
    shape, fortran, kind = _header(stream)
    count = math.prod(shape)
    if count * kind.itemsize > size:
        raise ValueError("its header says that it takes more than it has")
    content = np.empty(count * kind.itemsize, np.uint8)
    position = 0
    while position < len(content):
        chunk = stream.read(min(CHUNK, len(content) - position))
        if not chunk:
            raise EOFError("it is cut short")
        content[position : position + len(chunk)] = np.frombuffer(chunk, np.uint8)
        position += len(chunk)
    array = content.view(kind) if count else np.empty(0, kind)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in {(1, 0), (2, 0)}:
        raise ValueError(f"it is of version {version} of the format")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, fortran, kind = read(stream, max_header_size=HEADER_BYTES)
    except (MemoryError, TokenError):  # a thousand brackets or signs
        raise ValueError("its header cannot be read") from None
    if kind.hasobject:
        raise ValueError("it holds Python objects, which allow_pickle=False refuses")
    if kind.kind not in "biufSU" or not kind.itemsize or any(length < 0 for length in shape):
        raise ValueError(f"it holds {kind} of shape {shape}, and no numbers or text")
    return shape, fortran, kind


def _damaged(file: Path, error: Exception) -> UserError:
    reason = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    reason = reason.partition("\n")[0] or type(error).__name__
    return UserError(f"{file} is damaged: {reason:.200}")
