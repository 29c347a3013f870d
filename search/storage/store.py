"""Objects by name, below an address such as ``s3://bucket/prefix``; an error is a single line."""

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
from trainables.runtime.errors import first_line

# Added to an address. With S3, an object of up to 10 MB then takes one request instead of three;
# Google's client would otherwise try for 15 minutes.
OPTIONS = {"s3": "allow_delayed_open=true", "gs": "retry_limit_seconds=10"}
WAITS_S = (1.0, 3.0, 9.0)  # between attempts, each of which takes some seconds itself
CHUNK = 8 * 2**20
READ_BYTES = 64 * 2**20  # of an object that is read into memory

NETWORK = "does not answer: look at the network, and at the endpoint"
NO_BUCKET = "there is no such bucket: make it, or correct the address"
DENIED = (
    "access is denied: give this machine and every node credentials (a role, a profile, or "
    "variables of the environment) that may read, write, list and delete there"
)
REFUSED = "the credentials are refused: they are wrong or have expired"
# Parts of the clients' messages, in the order of the search, and whether trying again can help.
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
    """Storage fails: no trial can go on; once the cause is removed, the run can be resumed.

    Attributes:
        transient: Whether trying again may help.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class Copy(NamedTuple):
    """Size in bytes and SHA-256, in hexadecimal, of what was copied."""

    size: int
    sha256: str


@final
@dataclass(frozen=True)
class Store:
    """The objects below an address; it holds no more than that, and can be pickled.

    Attributes:
        uri: As `parse_uri` returns it, with options such as ``endpoint_override``.
        patient: Whether a request that fails is tried again.
    """

    uri: str
    patient: bool = True

    def __str__(self) -> str:
        return self.uri.partition("?")[0]

    def child(self, name: str) -> "Store":
        """Return the store of the objects below a name."""
        parts = urlsplit(self.uri)
        return Store(urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}")))

    def write(self, name: str, data: bytes) -> None:
        """Write an object, or replace it as a whole."""

        def put() -> None:
            with self._files.open_output_stream(self._path(name)) as file:
                file.write(data)

        self._patiently(put)

    def read(self, name: str, limit: int = READ_BYTES) -> bytes | None:
        """Return an object's content; None if there is no such object.

        Args:
            name: Of the object.
            limit: Bytes that it may have.

        Raises:
            StorageError: If it has more, or the storage fails.
        """

        def get() -> bytes:
            with self._files.open_input_stream(self._path(name)) as file:
                return bytes(file.read(limit + 1))

        try:
            content = self._patiently(get)
        except FileNotFoundError:
            return None
        if len(content) > limit:
            raise StorageError(f"{self}/{name} has more than the {limit} bytes that are read")
        return content

    def upload(self, file: Path, name: str) -> Copy:
        """Copy a file to an object."""

        def put() -> Copy:
            with (
                file.open("rb") as source,
                self._files.open_output_stream(self._path(name)) as target,
            ):
                return _copy(source, target)

        return self._patiently(put)

    def download(self, name: str, file: Path, limit: int | None = None) -> Copy:
        """Copy an object to a file.

        Args:
            name: Of the object.
            file: Replaced.
            limit: Bytes that are copied, and one more if there is; None for all.

        Raises:
            FileNotFoundError: If there is no such object.
        """

        def get() -> Copy:
            with (
                self._files.open_input_stream(self._path(name)) as source,
                file.open("wb") as target,
            ):
                return _copy(source, target, limit)

        return self._patiently(get)

    def names(self, folder: str) -> list[str]:
        """List the objects below a folder, at any depth, by their names in it."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - as in `_open`

        base = self._path(folder).rstrip("/")
        select = FileSelector(base, recursive=True, allow_not_found=True)
        entries = self._patiently(lambda: self._files.get_file_info(select))
        paths = [entry.path for entry in entries if entry.type == FileType.File]
        return sorted(path.removeprefix(f"{base}/") for path in paths)

    def written(self, name: str) -> datetime | None:
        """Return when an object was written, by the storage's clock; None if there is none."""
        entry = self._patiently(lambda: self._files.get_file_info(self._path(name)))
        return entry.mtime  # type: ignore[no-any-return]  # of pyarrow, which has no types

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
        """Try again after each wait of `WAITS_S`, as long as that may help."""
        for wait_s in WAITS_S if self.patient else ():
            try:
                return self._once(attempt)
            except StorageError as error:
                if not error.transient:
                    raise
            time.sleep(wait_s)
        return self._once(attempt)

    def _once(self, attempt: Callable[[], Result]) -> Result:
        try:
            return attempt()
        except FileNotFoundError:
            raise
        except OSError as error:
            reason, transient = _reason(error)
            raise StorageError(f"{self}: {reason}", transient=transient) from error


def is_remote(address: str) -> bool:
    """Tell whether an address is of an object store, and not a path of this machine."""
    return "://" in address and not address.startswith("file://")


def parse_uri(address: str) -> Store:
    """Check an address without a request to the storage.

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
    """Open a bucket, once a process; pyarrow is imported only here."""
    from pyarrow import ArrowInvalid  # noqa: PLC0415
    from pyarrow.fs import FileSystem  # noqa: PLC0415

    try:
        return FileSystem.from_uri(uri)[0]
    except ArrowInvalid as error:
        raise UserError(f"{uri.partition('?')[0]}: {first_line(error)}") from error


def _copy(source: IO[bytes], target: IO[bytes], limit: int | None = None) -> Copy:
    size, digest = 0, hashlib.sha256()
    while chunk := source.read(CHUNK if limit is None else min(CHUNK, limit + 1 - size)):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return Copy(size, digest.hexdigest())


def _reason(error: OSError) -> tuple[str, bool]:
    """Return in a few words what failed, and whether trying again may help."""
    message = str(error).lower()
    for sign, reason, transient in REASONS:
        if sign in message:
            return reason, transient
    return first_line(error)[:200], True
