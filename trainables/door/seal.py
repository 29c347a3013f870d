"""Whether a folder still holds the files that were written there, which may not change.

A file that is damaged would else fail every trial to come, or train it on something else.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import cast

from searchspace.errors import UserError
from trainables.door.opening import files_below, open_file
from trainables.door.paths import inside
from trainables.door.records import read_json

REMEMBERED = 4096  # files of this process whose content is known as long as they are not written


class BrokenSealError(UserError):
    """A file is missing, or is not what was written: no work that reads it can go on."""


def seal(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its name there."""
    files = {file.relative_to(folder).as_posix(): file for file in files_below(folder)}
    return {name: _digest_of(file) for name, file in files.items()}


def read_seal(file: Path, remedy: str) -> dict[str, str]:
    """Read what `seal` returned, and the caller wrote as JSON.

    Args:
        file: As `trainables.door.paths.inside` returns it.
        remedy: What to do where it is damaged.

    Raises:
        FileNotFoundError: If there is none.
        UserError: If it is damaged.
    """
    digests = read_json(file)
    if not isinstance(digests, dict) or not all(isinstance(text, str) for text in digests.values()):
        raise UserError(f"{file} is damaged, it holds no digests by name: {remedy}")
    return digests


def check_seal(
    folder: Path,
    digests: Mapping[str, str],
    remedy: str = "put it back from a copy, or start a new run",
) -> None:
    """Compare a folder with what `seal` returned; files of other names are not looked at.

    A file that this process has read is read again only once it was written.

    Args:
        folder: Of the files.
        digests: What `seal` returned.
        remedy: What to do where a file is missing or differs.

    Raises:
        BrokenSealError: If a file is missing or differs; with the remedy.
    """
    for name, digest in digests.items():
        file = inside(folder, name)
        try:
            problem = "" if _digest_of(file) == digest else "is not what was prepared"
        except FileNotFoundError:
            problem = "is missing"
        except OSError as error:
            problem = f"cannot be read ({error.strerror or error})"
        if problem:
            raise BrokenSealError(f"{file} {problem}: {remedy}")


def _digest_of(file: Path) -> str:
    status = file.stat(follow_symlinks=False)
    written = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return _digest(file, written)


@lru_cache(REMEMBERED)
def _digest(file: Path, written: tuple[int, ...]) -> str:  # noqa: ARG001 - what it depends on
    with open_file(file) as stream:
        return hashlib.file_digest(cast("BufferedReader", stream), "sha256").hexdigest()
