"""Objects by name, below an address such as ``s3://bucket/prefix``; each error is one line."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, final
from urllib.parse import urlsplit, urlunsplit

from searchspace.errors import UserError
from searchspace.names import lookup

# What is added to an address. Of S3, an object of up to 10 MB is then one request and not three;
# Google's client would try for 15 minutes.
OPTIONS = {"s3": "allow_delayed_open=true", "gs": "retry_limit_seconds=10"}
WAITS_S = (1.0, 3.0, 9.0)  # between attempts, each of which takes some seconds itself
CHUNK = 8 * 2**20

NETWORK = "does not answer: look at the network, and at the endpoint"
NO_BUCKET = "there is no such bucket: make it, or mend the address"
DENIED = (
    "access is denied: give this machine and every node credentials (a role, a profile, or "
    "variables of the environment) that may read, write, list and delete there"
)
REFUSED = "the credentials are refused: they are mistaken or have expired"
# What the clients say, in the order in which it is looked for, and whether trying again can help.
REASONS = (
    ("no_such_bucket", NO_BUCKET, False),
    ("bucket does not exist", NO_BUCKET, False),
    ("' not found", NO_BUCKET, False),
    ("invalid_access_key", REFUSED, False),
    ("invalidaccesskeyid", REFUSED, False),
    ("signature", REFUSED, False),
    ("expiredtoken", REFUSED, False),
    ("access_denied", DENIED, False),
    ("forbidden", DENIED, False),
    ("permission denied", DENIED, False),
    ("unauthenticated", DENIED, False),
    ("oauth2", DENIED, False),
    ("network_connection", NETWORK, True),
    ("curl", NETWORK, True),
)
Result = TypeVar("Result")


class StorageError(UserError):
    """Storage that fails: no trial can go on, and the run can once that is mended.

    Attributes:
        passing: Whether trying again may help.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class Copied(NamedTuple):
    """What was copied: its size and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@final
@dataclass(frozen=True)
class Store:
    """What lies below an address; knows no more than that, and may be sent to other processes.

    Attributes:
        uri: As `parse_uri` returns it, options such as ``endpoint_override`` included.
        patient: Whether what fails is tried again.
    """

    uri: str
    patient: bool = True

    def __str__(self) -> str:
        return self.uri.partition("?")[0]

    def child(self, name: str) -> "Store":
        """Return what lies below a name."""
        parts = urlsplit(self.uri)
        return Store(urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}")))

    def write(self, name: str, data: bytes) -> None:
        """Replace an object as a whole."""

        def put() -> None:
            with self._files.open_output_stream(self._path(name)) as file:
                file.write(data)

        self._patiently(put)

    def read(self, name: str) -> bytes | None:
        """Return an object's content; None where there is none."""

        def get() -> bytes:
            with self._files.open_input_stream(self._path(name)) as file:
                return bytes(file.read())

        try:
            return self._patiently(get)
        except FileNotFoundError:
            return None

    def upload(self, file: Path, name: str) -> Copied:
        """Copy a file there."""

        def put() -> Copied:
            with file.open("rb") as here, self._files.open_output_stream(self._path(name)) as there:
                return _copy(here, there)

        return self._patiently(put)

    def download(self, name: str, file: Path) -> Copied:
        """Copy an object here.

        Raises:
            FileNotFoundError: If there is none.
        """

        def get() -> Copied:
            with self._files.open_input_stream(self._path(name)) as there, file.open("wb") as here:
                return _copy(there, here)

        return self._patiently(get)

    def names(self, folder: str) -> list[str]:
        """List the objects below a folder, at any depth, by their names in it."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - as in `_open`

        base = self._path(folder).rstrip("/")
        select = FileSelector(base, recursive=True, allow_not_found=True)
        found = self._patiently(lambda: self._files.get_file_info(select))
        files = [one.path for one in found if one.type == FileType.File]
        return sorted(path.removeprefix(f"{base}/") for path in files)

    def written(self, name: str) -> datetime | None:
        """Return when an object was written, by the storage's clock; None where there is none."""
        found = self._patiently(lambda: self._files.get_file_info(self._path(name)))
        return found.mtime  # type: ignore[no-any-return]  # of pyarrow, which has no types

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        try:
            self._patiently(lambda: self._files.delete_file(self._path(name)))
        except FileNotFoundError:
            return

    @property
    def _files(self) -> Any:  # noqa: ANN401 - of pyarrow, which has no types
        return _open(urlunsplit(urlsplit(self.uri)._replace(path="")))

    def _path(self, name: str) -> str:
        parts = urlsplit(self.uri)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/{name}"

    def _patiently(self, attempt: Callable[[], Result]) -> Result:
        """Try a few times, as long as that may help."""
        for wait_s in WAITS_S if self.patient else ():
            try:
                return self._once(attempt)
            except StorageError as error:
                if not error.passing:
                    raise
            time.sleep(wait_s)
        return self._once(attempt)

    def _once(self, attempt: Callable[[], Result]) -> Result:
        try:
            return attempt()
        except FileNotFoundError:
            raise
        except OSError as error:
            reason, passing = _reason(error)
            raise StorageError(f"{self}: {reason}", passing=passing) from error


def is_remote(address: str) -> bool:
    """Tell an address of an object store from a path of this machine."""
    return "://" in address and not address.startswith("file://")


def parse_uri(address: str) -> Store:
    """Check an address, without asking the storage.

    Raises:
        UserError: If its kind is unknown, it names no bucket, or it holds credentials.
    """
    parts = urlsplit(address)
    option = lookup(OPTIONS, parts.scheme, "kind of storage")
    if parts.netloc.partition("@")[0] != "anonymous" and "@" in parts.netloc:
        raise UserError(
            "the address of the storage holds credentials, which would end up in records: put them "
            "into the environment or a profile"
        )
    if not parts.netloc:
        raise UserError(f"{address} names no bucket: write {parts.scheme}://BUCKET/PREFIX")
    name = option.partition("=")[0]
    query = parts.query if name in parts.query else "&".join(filter(None, (parts.query, option)))
    return Store(urlunsplit(parts._replace(query=query, path=parts.path.rstrip("/"))))


@cache
def _open(uri: str) -> Any:  # noqa: ANN401 - of pyarrow, which has no types
    """Open a bucket once a process; pyarrow loads only where there is one."""
    from pyarrow import ArrowInvalid  # noqa: PLC0415
    from pyarrow.fs import FileSystem  # noqa: PLC0415

    try:
        return FileSystem.from_uri(uri)[0]
    except ArrowInvalid as error:
        raise UserError(f"{uri.partition('?')[0]}: {_first_line(error)}") from error


def _copy(source: IO[bytes], target: IO[bytes]) -> Copied:
    size, digest = 0, hashlib.sha256()
    while chunk := source.read(CHUNK):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return Copied(size, digest.hexdigest())


def _reason(error: OSError) -> tuple[str, bool]:
    """Say in a few words what failed, and whether it may pass."""
    said = str(error).lower()
    for sign, reason, passing in REASONS:
        if sign in said:
            return reason, passing
    return _first_line(error)[:200], True


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
