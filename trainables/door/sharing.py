"""Files of the same content that take the disk once: hard links to a pool, named by SHA-256.

Runs on the same subjects write the same large arrays. Each is written, then exchanged for the file
of that content in the pool, whose own content is checked first. A pool on another disk, or on one
without hard links, shares nothing and does no harm. What only the pool holds is removed when
something is shared the next time.
"""

import contextlib
import hashlib
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import cast

from searchspace.errors import UserError
from trainables.door.opening import MIB, list_folder, open_file, remove_file, replacement
from trainables.door.paths import inside

LEAST = MIB  # bytes of a file that is worth a link
OWNER_ALONE = 0o700
ENTRY = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]+)?")  # what `share` names its files


def share(file: Path, pool: Path) -> bool:
    """Exchange a file for that of the same content in a pool, or put it there.

    Nothing may write into the file afterwards; replacing it is harmless.

    Args:
        file: Of this program, just written.
        pool: A folder of this user; made where it is missing.

    Returns:
        Whether the file takes no more disk than that in the pool.
    """
    try:
        if file.stat(follow_symlinks=False).st_size < LEAST:
            return False
        pool.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)
        if pool.stat(follow_symlinks=False).st_uid != os.getuid():
            return False
        digest = _digest(file)
        entry = inside(pool, f"{digest}{file.suffix}")
        if entry.exists() and _digest(entry) == digest:
            source, target = entry, file
        else:
            source, target = file, entry
        with replacement(target) as part:
            os.link(source, part)
    except (OSError, UserError):
        return False
    return True


def clear_pool(pool: Path) -> None:
    """Remove what no run holds any more; files of other names are not of this program."""
    with contextlib.suppress(OSError, UserError):
        for entry in list_folder(pool):
            status = entry.stat(follow_symlinks=False)
            is_alone = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            if is_alone and ENTRY.fullmatch(entry.name):
                remove_file(entry)


def _digest(file: Path) -> str:
    with open_file(file) as stream:
        return hashlib.file_digest(cast("BufferedReader", stream), "sha256").hexdigest()
