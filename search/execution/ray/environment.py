"""Ray's environment variables, which it reads while it is imported."""

import contextlib
import os
import stat
import sys
from pathlib import Path

from searchspace.errors import UserError

ALWAYS = {
    "RAY_AIR_NEW_OUTPUT": "0",  # with verbose=0, print nothing
    "RAY_USAGE_STATS_ENABLED": "0",  # tell nobody
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths stay what they are
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the run folder holds the records
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is the executor's
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the progress says what failed
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",  # Tune's own state is not used
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray's coming default, without its warning
}
# Without this a cluster of one machine still listens on every interface. It is the switch by which
# Ray, on macOS and Windows, keeps to the loopback address.
LOCAL = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}

# Ray's longest socket, below its folder of temporary files; the system allows so many bytes.
SOCKET = "session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store"
SHARED = "r"  # which Ray opens to all; the folder that it is in is closed to them
SOCKET_BYTES = 103 if sys.platform == "darwin" else 107

# Torch is set by `search.execution.worker`; these are for what a trial computes with besides.
# Ray sets only the first, and not where the shell that started a node has set it.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def threads(cores: int) -> dict[str, str]:
    """Return the environment of workers whose libraries keep to so many cores."""
    return dict.fromkeys(THREADS, str(cores))


def prepare(*, local: bool) -> None:
    """Set what Ray is to find; call before its first import. What the user set stays."""
    for name, value in (ALWAYS | LOCAL if local else ALWAYS).items():
        os.environ.setdefault(name, value)


def check_temporary_folder() -> None:
    """Refuse a folder for temporary files below which Ray cannot make its sockets.

    Raises:
        UserError: If its name is too long.
    """
    name, folder = _temporary()
    longest = SOCKET_BYTES - len(f"/{_own()}/{SHARED}/{SOCKET}")
    if os.name == "posix" and len(os.fsencode(folder)) > longest:
        raise UserError(
            f"{name} has {len(os.fsencode(folder))} bytes, and Ray's sockets below it would be too "
            f"long: name a folder of at most {longest} with RAY_TMPDIR, or add --in-process"
        )


def own_folder() -> str | None:
    """Return where Ray of this machine puts sockets and logs: below a folder of this user alone.

    Ray lets all users write to its folders. In ``/tmp/ray`` another user could put a socket in the
    place of Ray's, and so run code as the searcher.

    Returns:
        None on Windows, where Ray's own is below the user's.

    Raises:
        UserError: If somebody else has made the folder, or others may write to it.
        OSError: If it cannot be made.
    """
    if os.name != "posix":
        return None
    folder = Path(_temporary()[1], _own())
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    is_own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_own or status.st_mode & 0o077:
        raise UserError(
            f"{folder}, for Ray's sockets, is not a folder of you alone: remove it, or name "
            "another place with RAY_TMPDIR"
        )
    return str(folder / SHARED)


def _temporary() -> tuple[str, str]:
    """Return the variable that names the folder of temporary files, and the folder."""
    names = ("RAY_TMPDIR", "TMPDIR") if sys.platform == "linux" else ("RAY_TMPDIR",)
    name = next((name for name in names if name in os.environ), names[-1])
    return name, os.environ.get(name, "/tmp")  # noqa: S108 - as Ray has it


def _own() -> str:
    return f"ray-{os.geteuid()}" if os.name == "posix" else "ray"
