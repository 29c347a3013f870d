"""A run in a store, beside its folder here: taken by one driver at a time, or only looked at."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from search.record.lock import is_running
from search.record.manifest import Manifest, ManifestFile, Stored, read_manifest
from search.record.run_folder import MANIFEST, OPENINGS, RUN_FILE, RunFolder
from search.record.versioned import parse_versioned
from search.storage.depot import SHARED, Depot, StoredFolder, fetch_folder
from search.storage.lease import EXPIRES_S, NAME, Lease, read_holder
from search.storage.mirror import Mirror
from search.storage.record import read_record
from search.storage.store import StorageError, Store, is_remote, parse_uri
from searchspace.errors import UserError
from trainables.door.opening import is_empty, move_folder, replacement
from trainables.door.paths import inside
from trainables.door.records import RECORD_BYTES, parse_json
from trainables.runtime.errors import first_line
from trainables.runtime.files import cannot_write

RUNS = Path("runs")
CONFIRM = "confirm"
CONFIRM_FILES = 2000  # more than a confirmation has, the large folders left out
LARGE = frozenset({"trials", "examined", "test"})  # folders, fetched where they are needed


@final
@dataclass(frozen=True)
class Claim:
    """A stored run that no other driver may write.

    Attributes:
        store: Of the run.
        lease: Taken.
        term: Which of the drivers that had the run this one is, from 1.
    """

    store: Store
    lease: Lease
    term: int

    def stored(self) -> dict[str, Any]:
        """Return what a manifest says of the store, and of this driver."""
        return {"uri": self.store.uri, "term": self.term, "token": self.lease.token}


@final
@dataclass(frozen=True)
class Keeping:
    """How a run is kept while a process works on it.

    Attributes:
        depot: Where its files lie for all nodes.
        mirror: Keeps its records in a store; None where there is none.
    """

    depot: Depot
    mirror: Mirror | None = None


UNSTORED = Keeping(SHARED)


@contextmanager
def claimed(store: Store | None, stored: Stored | None) -> Iterator[Claim | None]:
    """Keep other drivers from a stored run.

    Args:
        store: Of the run; None for one in a folder alone, whose own lock is enough.
        stored: What the manifest of the folder here says of the store; None for a new run.

    Raises:
        UserError: If another driver has the run, or has gone on with it since the folder was
            written, or a new one is not new.
        StorageError: If the storage fails.
    """
    if store is None:
        yield None
        return
    lease = Lease(store)
    lease.take()
    try:
        yield Claim(store, lease, _next_term(store, stored))
    finally:
        lease.release()


def keep(folder: RunFolder, claim: Claim | None) -> Keeping:
    """Say how a run is kept."""
    if claim is None:
        return UNSTORED
    mirror = Mirror(folder, claim.store, claim.lease, claim.term)
    return Keeping(StoredFolder(folder.path, claim.store), mirror)


def stored_at(manifest: Manifest) -> Store | None:
    """Return where a manifest says that its run is stored; None for no store."""
    return Store(manifest.stored.uri) if manifest.stored else None


def new_store(storage: str | None, folder: Path) -> Store | None:
    """Return where a new run is stored: below the storage, under its folder's name."""
    if storage is None or not is_remote(storage):
        return None
    return parse_uri(storage).child(folder.name)


def new_folder(storage: str | None, run: Path | None, default: Path) -> Path:
    """Return the folder of a new run here, which storage that is a folder holds itself.

    Args:
        storage: As the user named it; None for no storage.
        run: The run folder that the user named; None for the default.
        default: Where a run goes that has no name.

    Raises:
        UserError: If ``run`` is more than a name, where the storage already says the folder.
    """
    if storage is None or is_remote(storage):
        return run or default
    if run is not None and len(run.parts) > 1:
        raise UserError(f"--storage already names a folder: give --run a name alone, not {run}")
    return Path(storage.removeprefix("file://")) / (run or default).name


def open_run(run: str | Path) -> RunFolder:
    """Return the folder of a run here; one that only a store has is fetched to ``runs``.

    Raises:
        UserError: If there is no such run, or something else is in its place.
    """
    if not is_remote(str(run)):
        return RunFolder(Path(run).expanduser().resolve())
    store = parse_uri(str(run))
    folder = RunFolder((RUNS / _name(store)).resolve())
    if folder.path.is_dir() and not is_empty(folder.path):
        if _belongs(folder, store):
            return folder
        raise UserError(f"{folder.path} is another run than {store}: move it, or work elsewhere")
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.path.parent, prefix=".") as beside:
            partial = RunFolder(Path(beside, folder.path.name))
            _fetch_records(store, partial)
            _fetch_rest(store, partial)
            move_folder(partial.path, folder.path)
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    return folder


def named_places(
    run: str | Path,
    folder: RunFolder,
    change: Mapping[str, Any],
    named: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the places that a command names, by field of the plan or of the settings.

    Args:
        run: As the user named it.
        folder: Of the run here.
        change: Fields of the plan that the user set.
        named: Folders, and ``storage``, that the user named.

    Raises:
        UserError: If the storage is another one than the run's.
    """
    locations = {name: change[name] for name in ("address", "in_process") if change.get(name)}
    locations |= {name: value for name, value in (named or {}).items() if value is not None}
    if is_remote(str(run)):
        locations.setdefault("storage", str(run))
    if "storage" in locations:
        _check_store(parse_uri(str(locations["storage"])), folder)
    return locations


def _check_store(store: Store, folder: RunFolder) -> None:
    """Refuse a run that is stored elsewhere, or by another endpoint, than the user says."""
    content = read_manifest(folder)
    addresses = [content.stored.uri] if content.stored else []
    base = content.plan.storage
    addresses += [base] if base and is_remote(base) else []
    stores = [parse_uri(address) for address in addresses]
    for recorded in stores:
        below = {store.uri, store.child(folder.path.name).uri}
        if recorded.uri not in below and recorded.child(_name(store)).uri != store.uri:
            raise UserError(
                f"{folder.path} is stored at {recorded.uri}, and not at {store.uri}: name that, "
                "or another run"
            )


@contextmanager
def looked_at(run: str | Path) -> Iterator[tuple[RunFolder, str]]:
    """Give a folder with the records of a run, and whether it runs: empty where it does not."""
    if not is_remote(str(run)):
        folder = open_run(run)
        yield folder, "running" if is_running(folder) else ""
        return
    store = parse_uri(str(run))
    with tempfile.TemporaryDirectory() as beside:
        folder = RunFolder(Path(beside, _name(store)))
        _fetch_records(store, folder)
        yield folder, _driver(store)


def _next_term(store: Store, stored: Stored | None) -> int:
    manifest = store.read(MANIFEST, RECORD_BYTES)
    if manifest is None:
        return stored.term + 1 if stored else 1
    if stored is None:
        raise UserError(f"{store} holds a run already: name a new one with --run, or resume it")
    latest = _parse_manifest(store, manifest).stored
    ahead = latest.term - stored.term if latest else 0
    if ahead > 0 or (latest and ahead == 0 and latest.token != stored.token):
        raise UserError(
            f"another machine has gone on with {store}: move the folder here away, then: python -m "
            f"search resume {store}"
        )
    return stored.term + 1


def _belongs(folder: RunFolder, store: Store) -> bool:
    try:
        address = stored_at(read_manifest(folder))
    except (OSError, ValueError):
        return False
    return str(address) == str(store)


def _name(store: Store) -> str:
    return str(store).rpartition("/")[2]


def _fetch_records(store: Store, folder: RunFolder) -> None:
    manifest = replace(store, patient=False).read(MANIFEST, RECORD_BYTES)  # who asks wants to know
    if manifest is None:
        raise UserError(f"there is no run at {store}: it has no {MANIFEST}")
    content = _parse_manifest(store, manifest)
    stored = content.stored or Stored(uri="", term=0, token="")
    address = stored.model_copy(update={"uri": store.uri})  # the endpoint may be another now
    folder.path.mkdir()
    ManifestFile(folder, content).add(stored=address.model_dump())
    if record := read_record(folder, store):
        _write(folder.events, record)


def _fetch_rest(store: Store, folder: RunFolder) -> None:
    fetch_folder(store.child(folder.assets.name), folder.assets)
    names = [f"{CONFIRM}/{name}" for name in store.names(CONFIRM)]
    names = [name for name in names if LARGE.isdisjoint(Path(name).parts)]
    if len(names) > CONFIRM_FILES:
        raise StorageError(f"{store}/{CONFIRM} has {len(names)} files: it is not of this program")
    for name in (OPENINGS, RUN_FILE, *names):
        file = inside(folder.path, name)
        content = store.read(name)
        if content is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, content)


def _write(file: Path, content: bytes) -> None:
    with replacement(file) as part:
        part.write_bytes(content)


def _parse_manifest(store: Store, content: bytes) -> Manifest:
    """Read a manifest that a store has.

    Raises:
        UserError: If it is damaged, or of another version.
    """
    name = f"{store}/{MANIFEST}"
    try:
        values = parse_json(content)
    except ValueError as error:
        raise UserError(f"cannot read {name}: {first_line(error)}") from None
    if not isinstance(values, dict):
        raise UserError(f"{name} holds no JSON object")
    return parse_versioned(Manifest, values, name)


def _driver(store: Store) -> str:
    """Say which host runs a search, as far as this machine's clock can tell."""
    holder, renewed = read_holder(store), store.written(NAME)
    if holder is None or renewed is None:
        return ""
    silent = (datetime.now(UTC) - renewed).total_seconds()
    return f"running on {holder['host']}" if silent < EXPIRES_S else ""
