"""Made-up datasets for the tests of this package."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainables.data import medmnist
from trainables.data.medmnist import Entry, RemoteFile

Arrays = dict[str, np.ndarray[Any, Any]]
N_FAKE = {"train": 30, "val": 15, "test": 16}


def fake_arrays(entry: Entry, size: int) -> Arrays:
    """What an npz of MedMNIST holds, with few images; every class is in every split."""
    rng = np.random.default_rng(0)
    arrays: Arrays = {}
    for split, n in N_FAKE.items():
        side = (size,) * (3 if entry.volumes else 2)
        shape = (n, *side) if entry.channels == 1 else (n, *side, 3)
        arrays[f"{split}_images"] = rng.integers(0, 256, shape, dtype=np.uint8)
        classes = np.arange(n) % len(entry.classes)
        if entry.task == "multi-label":
            arrays[f"{split}_labels"] = np.eye(len(entry.classes), dtype=np.uint8)[classes]
        else:
            arrays[f"{split}_labels"] = classes.astype(np.uint8)[:, np.newaxis]
    return arrays


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Entry]:
    """Write a fake file's checksum and address into the table of datasets."""

    def change(name: str, size: int, content: bytes, url: str = "http://localhost/fake") -> Entry:
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        table = dict(medmnist.table())
        files = {**table[name].files, size: RemoteFile(url, md5)}
        table[name] = replace(table[name], files=files)
        monkeypatch.setattr(medmnist, "table", lambda: table)
        return table[name]

    return change


@pytest.fixture
def fake(tmp_path: Path, enter: Callable[..., Entry]) -> Callable[..., Arrays]:
    """Write a fake npz to ``tmp_path`` under its official name and make it the official one."""

    def write(name: str, size: int = 28) -> Arrays:
        arrays = fake_arrays(medmnist.table()[name], size)
        path = tmp_path / (f"{name}.npz" if size == 28 else f"{name}_{size}.npz")
        np.savez(path, **arrays)
        enter(name, size, path.read_bytes())
        return arrays

    return write
