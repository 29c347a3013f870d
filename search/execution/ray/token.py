"""The token that Ray asks every process for: a file that its owner alone can read.

Whoever knows the token can run code as the searcher, and Ray itself writes it so that all users of
the machine can read it.
"""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from searchspace.errors import UserError
from trainables.door.opening import make_secret
from trainables.runtime.files import cannot_write

MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"  # Ray's own
OTHERS, OTHERS_WRITE = 0o077, 0o022


def token_file() -> Path:
    """Return where Ray looks for the token."""
    path = os.environ.get(TOKEN_PATH)
    return Path(path) if path else Path.home() / ".ray" / "auth_token"


def ensure_token(*, make: bool) -> None:
    """See that nobody else can read the token, before Ray reads it.

    Nothing is checked where the user has turned Ray's authentication off, or gives the token in the
    environment, which other users cannot read.

    Args:
        make: Whether one is made where there is none. For a running cluster it has to be the
            cluster's own.

    Raises:
        UserError: If other users can read or replace the token, or none can be made.
    """
    off = os.environ.get(MODE, "token").lower() != "token"
    if off or os.environ.get(TOKEN) or os.name != "posix":
        return
    file = token_file()
    try:
        if make and not os.path.lexists(file):
            _make(file)
        if os.path.lexists(file):
            _check(file)
    except OSError as error:
        raise cannot_write(file, error) from error


def _make(file: Path) -> None:
    """Make the token; close the folder, which Ray leaves open."""
    make_secret(file, secrets.token_hex(32).encode())
    with contextlib.suppress(PermissionError):  # of another owner: its rights are checked later
        file.parent.chmod(0o700)


def _check(file: Path) -> None:
    status, folder = file.lstat(), file.parent.stat()
    remedy = f"remove it, and one that only you can read is made: rm {file}"
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise UserError(f"Ray's token, {file}, is no file of yours: {remedy}")
    if status.st_mode & OTHERS:
        raise UserError(
            f"Ray's token, {file}, can be read by others (mode {status.st_mode & 0o777:04o}), who "
            f"could run code as you: {remedy}"
        )
    if folder.st_mode & OTHERS_WRITE and not folder.st_mode & stat.S_ISVTX:
        raise UserError(
            f"others can replace Ray's token, as they may write to {file.parent}: "
            f"chmod 700 {file.parent}"
        )
