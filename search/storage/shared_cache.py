"""The cache of frozen models, shared by all machines that use a storage."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.storage.store import is_remote, parse_uri
from trainables.door.opening import list_folder, replacement
from trainables.door.paths import is_name

CACHE = "cache"
SUFFIX = ".safetensors"


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
        if is_name(name) and name.endswith(SUFFIX) and not (folder / name).exists():
            with contextlib.suppress(FileNotFoundError), replacement(folder / name) as part:
                store.download(name, part)
    earlier = set(_models(folder))
    yield
    for file in set(_models(folder)) - earlier:
        store.upload(file, file.name)


def _models(folder: Path) -> list[Path]:
    return [file for file in list_folder(folder) if file.name.endswith(SUFFIX)]
