"""The cache of frozen models that machines share by way of a store."""

from search.storage.shared_cache import shared_cache
from search.storage.store import parse_uri


def test_a_model_that_a_machine_makes_is_fetched_by_the_next(server, tmp_path):
    storage = server.uri("shared")
    maker, finder = tmp_path / "one", tmp_path / "two"
    with shared_cache(maker, storage):
        (maker / "autoencoder-1.safetensors").write_bytes(b"weights")
        (maker / "pathmnist.npz").write_bytes(b"data")
    with shared_cache(finder, storage):
        assert (finder / "autoencoder-1.safetensors").read_bytes() == b"weights"
        assert len(list(finder.iterdir())) == 1
    assert parse_uri(storage).names("cache") == ["autoencoder-1.safetensors"]


def test_no_storage_no_cache(tmp_path):
    for folder, storage in ((None, "s3://lab/x"), (tmp_path, None), (tmp_path, str(tmp_path))):
        with shared_cache(folder, storage):
            pass
