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
    """Fetch the models that a cache folder lacks; at the end send those that are new in it.

    A file is named by the digest of what the model was made from, and whoever reads it checks that,
    so files of the same name need not be compared.

    Args:
        folder: The cache folder of a study; None for a study without one.
        storage: Address of a store; with a folder's address, or None, nothing is fetched or sent.
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
    earlier = set(folder.glob(MODELS))
    yield
    for file in set(folder.glob(MODELS)) - earlier:
        store.upload(file, file.name)
