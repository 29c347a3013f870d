"""The cache of frozen models, shared by all machines that use a storage."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.storage.store import is_remote, parse_uri

CACHE = "cache"
MODELS = "*.safetensors"


@contextmanager
def shared_cache(folder: Path | None, storage: str | None) -> Iterator[None]:
    """Fetch into a cache folder what the storage has and it has not; send what is made meanwhile.

    Files are named by what they were made from, and whoever reads one checks that, so there is
    nothing to compare.

    Args:
        folder: Of a study that has one.
        storage: Address of a store; a folder's, or None, changes nothing.
    """
    if folder is None or storage is None or not is_remote(storage):
        yield
        return
    store = parse_uri(storage).child(CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    for name in store.names(""):
        if not (folder / name).exists():
            with contextlib.suppress(FileNotFoundError):
                store.download(name, folder / f".{name}")
                (folder / f".{name}").replace(folder / name)
    before = set(folder.glob(MODELS))
    yield
    for file in set(folder.glob(MODELS)) - before:
        store.upload(file, file.name)
