"""Google's storage, which has no server to test against: its address, and a file system in memory.

What is checked is that nothing but pyarrow's common interface is used; not Google's answers.
"""

import fsspec
import pytest
from pyarrow.fs import FSSpecHandler, GcsFileSystem, PyFileSystem
from whole_runs import check_whole

from search.storage import store as stores
from search.storage.shared_cache import shared_cache
from search.storage.store import parse_uri


def test_googles_client_gives_up_in_time():
    store = parse_uri("gs://anonymous@lab/runs")
    assert store.uri.endswith("?retry_limit_seconds=10")
    assert isinstance(store._files, GcsFileSystem)
    assert store._path("a") == "lab/runs/a"


@pytest.fixture
def memory(monkeypatch):
    files = PyFileSystem(FSSpecHandler(fsspec.filesystem("memory")))
    monkeypatch.setattr(stores, "_open", lambda uri: files)
    yield
    fsspec.filesystem("memory").rm("/", recursive=True)


def test_a_run_is_stored_taken_up_and_fetched(memory, run_toy, take_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_toy(trials=2, storage="gs://lab/runs")[0] == 0
    assert take_up("gs://lab/runs/run", trials=4)[0] == 0
    check_whole(tmp_path / "runs" / "run", 4)
    assert (
        parse_uri("gs://lab/runs/run").read("events.jsonl")
        == (tmp_path / "runs" / "run" / "events.jsonl").read_bytes()
    )


def test_what_one_machine_makes_the_next_one_finds(server, tmp_path):
    storage = server.uri("shared")
    one, two = tmp_path / "one", tmp_path / "two"
    with shared_cache(one, storage):
        (one / "autoencoder-1.safetensors").write_bytes(b"weights")
        (one / "pathmnist.npz").write_bytes(b"data")
    with shared_cache(two, storage):
        assert (two / "autoencoder-1.safetensors").read_bytes() == b"weights"
        assert len(list(two.iterdir())) == 1
    assert parse_uri(storage).names("cache") == ["autoencoder-1.safetensors"]


def test_no_storage_no_cache(tmp_path):
    for folder, storage in ((None, "s3://lab/x"), (tmp_path, None), (tmp_path, str(tmp_path))):
        with shared_cache(folder, storage):
            pass
