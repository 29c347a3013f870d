"""Folders that travel by way of a store: whole or not at all, and once a node."""

import json
import multiprocessing
import os
import re
from operator import methodcaller

import pytest

from search.storage import depot
from search.storage.depot import LISTING, SHARED, StoredFolder, fetch_folder, keep_folder
from search.storage.store import StorageError, parse_uri


@pytest.fixture
def store(server, request):
    return parse_uri(server.uri(request.node.name))


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "assets" / "deep").mkdir(parents=True)
    (folder / "assets" / "images.npz").write_bytes(os.urandom(1000))
    (folder / "assets" / "deep" / "facts.json").write_text("{}")
    return folder


@pytest.fixture
def node(tmp_path, monkeypatch):
    """The cache of a node of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    depot._cached.cache_clear()
    return tmp_path / "cache"


def contents(folder):
    return {
        file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_a_folder_arrives_as_it_was_sent(store, run, tmp_path):
    keep_folder(run / "assets", store)
    fetch_folder(store, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(run / "assets")


def test_checkpoints_and_half_written_files_do_not_travel_with_a_folder(store, run):
    (run / "assets" / "checkpoint.safetensors").touch()
    (run / "assets" / ".images.npz.123").touch()
    keep_folder(run / "assets", store)
    assert set(store.names("")) == {"images.npz", "deep/facts.json", LISTING}


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "unlisted"])
def test_a_damaged_folder_is_refused_and_nothing_is_left(store, run, tmp_path, damage):
    keep_folder(run / "assets", store)
    whole = store.read("images.npz")
    match damage:
        case "changed":
            store.write("images.npz", whole[:-1] + bytes([whole[-1] ^ 1]))
        case "cut":
            store.write("images.npz", whole[:-1])
        case "gone":
            store.remove("images.npz")
        case "unlisted":
            store.remove(LISTING)
    with pytest.raises(StorageError, match=f"{re.escape(str(store))}.* (damaged|not there)"):
        fetch_folder(store, tmp_path / "copies" / "one")
    assert not list(tmp_path.glob("copies/*"))


def test_a_node_fetches_a_folder_once_and_shares_it_among_runs(store, run, node, server):
    here = StoredFolder(run, store)
    here.send_folder(run / "assets")
    there = here.for_nodes()
    copy = there.bring_folder(run / "assets")
    depot._cached.cache_clear()  # as in another process
    assert there.bring_folder(run / "assets") == copy
    assert contents(copy) == contents(run / "assets")
    again = StoredFolder(run, store.child("again"))
    again.send_folder(run / "assets")
    assert again.for_nodes().bring_folder(run / "assets") == copy
    name = str(store).rpartition("/")[2]
    fetched = [path for path in server.gets(name) if path.endswith("images.npz")]
    assert len(fetched) == server.gets(f"{name}/assets/images.npz").total() == 1
    assert copy.is_relative_to(node)


def test_processes_that_ask_at_once_fetch_once(store, run, node, server):
    here = StoredFolder(run, store)
    here.send_folder(run / "assets")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        # A function of this file would not be found there, and the pool would wait for ever.
        bring = methodcaller("bring_folder", run / "assets")
        copies = set(pool.map(bring, [here.for_nodes()] * 3, chunksize=1))
    assert len(copies) == 1
    name = str(store).rpartition("/")[2]
    assert server.gets(f"{name}/assets/images.npz").total() == 1


def test_a_node_works_in_a_folder_of_its_own_and_leaves_nothing_there(store, run, node):
    here = StoredFolder(run, store)
    there = here.for_nodes()
    trial, file = run / "trials" / "t001", run / "trials" / "t001" / "checkpoint.safetensors"
    place = there.place(trial)
    assert place.is_relative_to(node)
    place.mkdir(parents=True)
    (place / "model").write_bytes(b"model")
    (place / file.name).write_bytes(b"state")
    there.send_file(file)
    there.send_folder(trial)
    assert not trial.exists()
    assert not [left for left in node.rglob("*") if left.is_file()]
    assert there.bring_file(file).read_bytes() == b"state"
    assert contents(here.bring_folder(trial)) == {(trial / "model").relative_to(trial): b"model"}
    here.remove_file(file)
    assert not there.bring_file(file).exists()


def test_a_file_of_the_drivers_own_is_not_fetched(store, run, server):
    here = StoredFolder(run, store)
    file = run / "assets" / "images.npz"
    before = len(server.asked)
    assert here.bring_file(file) == here.place(file) == file
    assert len(server.asked) == before
    assert not here.bring_file(run / "nothing").exists()


def test_what_is_there_is_not_sent_again(store, run, server):
    here = StoredFolder(run, store)
    here.ensure_folder(run / "assets")
    listing = json.loads(store.read(f"assets/{LISTING}"))
    assert set(listing) == {"images.npz", "deep/facts.json"}
    before = sum(verb == "PUT" for verb, *_ in server.asked)
    here.ensure_folder(run / "assets")
    assert sum(verb == "PUT" for verb, *_ in server.asked) == before


def test_a_shared_folder_is_where_it_is(tmp_path):
    for method in (SHARED.place, SHARED.bring_folder, SHARED.bring_file):
        assert method(tmp_path) == tmp_path
    assert SHARED.for_nodes() is SHARED
