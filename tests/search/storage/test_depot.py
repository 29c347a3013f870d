"""Folders that travel by way of a store: whole or not at all, and once a node."""

import json
import multiprocessing
import os
import re
from operator import methodcaller

import pytest
from places import SUPPORT
from rich.console import Console
from whole_runs import check_whole, events_of, manifest_of, wait_for

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.storage import depot
from search.storage.depot import LISTING, SHARED, StoredFolder, fetch_folder, keep_folder
from search.storage.store import StorageError, Store, parse_uri


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
    """Give the process the cache of a new node."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    depot._cache.cache_clear()
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
    content = store.read("images.npz")
    match damage:
        case "changed":
            store.write("images.npz", content[:-1] + bytes([content[-1] ^ 1]))
        case "cut":
            store.write("images.npz", content[:-1])
        case "gone":
            store.remove("images.npz")
        case "unlisted":
            store.remove(LISTING)
    with pytest.raises(StorageError, match=f"{re.escape(str(store))}.* (damaged|not there)"):
        fetch_folder(store, tmp_path / "copies" / "assets")
    assert not list(tmp_path.glob("copies/*"))


def test_a_node_fetches_a_folder_once_and_shares_it_among_runs(store, run, node, server):
    home = StoredFolder(run, store)
    home.send_folder(run / "assets")
    guest = home.for_nodes()
    copy = guest.bring_folder(run / "assets")
    depot._cache.cache_clear()  # as in another process
    assert guest.bring_folder(run / "assets") == copy
    assert contents(copy) == contents(run / "assets")
    rerun = StoredFolder(run, store.child("again"))
    rerun.send_folder(run / "assets")
    assert rerun.for_nodes().bring_folder(run / "assets") == copy
    name = str(store).rpartition("/")[2]
    paths = [path for path in server.gets(name) if path.endswith("images.npz")]
    assert len(paths) == server.gets(f"{name}/assets/images.npz").total() == 1
    assert copy.is_relative_to(node)


def test_processes_that_ask_at_once_fetch_once(store, run, node, server):
    home = StoredFolder(run, store)
    home.send_folder(run / "assets")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        # A function of this file would not be found there, and the pool would wait for ever.
        bring = methodcaller("bring_folder", run / "assets")
        copies = set(pool.map(bring, [home.for_nodes()] * 3, chunksize=1))
    assert len(copies) == 1
    name = str(store).rpartition("/")[2]
    assert server.gets(f"{name}/assets/images.npz").total() == 1


def test_a_node_works_in_a_folder_of_its_own_and_leaves_nothing_there(store, run, node):
    home = StoredFolder(run, store)
    guest = home.for_nodes()
    trial, file = run / "trials" / "t001", run / "trials" / "t001" / "checkpoint.safetensors"
    workplace = guest.place(trial)
    assert workplace.is_relative_to(node)
    workplace.mkdir(parents=True)
    (workplace / "model").write_bytes(b"model")
    (workplace / file.name).write_bytes(b"state")
    guest.send_file(file)
    guest.send_folder(trial)
    assert not trial.exists()
    assert not [file for file in node.rglob("*") if file.is_file()]
    assert guest.bring_file(file).read_bytes() == b"state"
    assert contents(home.bring_folder(trial)) == {(trial / "model").relative_to(trial): b"model"}
    home.remove_file(file)
    assert not guest.bring_file(file).exists()


def test_the_driver_does_not_fetch_its_files(store, run, server):
    home = StoredFolder(run, store)
    file = run / "assets" / "images.npz"
    count = len(server.asked)
    assert home.bring_file(file) == home.place(file) == file
    assert len(server.asked) == count
    assert not home.bring_file(run / "nothing").exists()


def test_a_folder_that_was_sent_is_not_sent_again(store, run, server):
    home = StoredFolder(run, store)
    home.ensure_folder(run / "assets")
    listing = json.loads(store.read(f"assets/{LISTING}"))
    assert set(listing) == {"images.npz", "deep/facts.json"}
    count = sum(verb == "PUT" for verb, *_ in server.asked)
    home.ensure_folder(run / "assets")
    assert sum(verb == "PUT" for verb, *_ in server.asked) == count


def test_a_shared_folder_is_where_it_is(tmp_path):
    for method in (SHARED.place, SHARED.bring_folder, SHARED.bring_file):
        assert method(tmp_path) == tmp_path
    assert SHARED.for_nodes() is SHARED


@pytest.fixture
def nodes(environment, tmp_path):
    """Start two nodes of a core each, with caches of their own; return their address."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for name in ("first", "second"):
            cluster.add_node(num_cpus=1, env_vars={"XDG_CACHE_HOME": str(tmp_path / name)})
        yield cluster.address
    finally:
        cluster.shutdown()


@pytest.mark.ray
def test_each_node_fetches_the_assets_once_whatever_the_number_of_trials(
    nodes, start, server, tmp_path
):
    folder, storage, marker = tmp_path / "run", server.uri("nodes"), tmp_path / "marker"
    process = start(
        folder,
        in_process=False,
        concurrency=2,
        trials=6,
        storage=storage,
        address=nodes,
        settings={"faults": ["wait"], "marker": str(marker)},
    )
    # While r03 waits on one node, what is sampled can end on the other alone, however late that is.
    events = folder / "events.jsonl"
    wait_for(lambda: events.exists() and len(events_of(folder, "ended")) > 2, process)
    marker.touch()
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors + output
    check_whole(folder, 6, references=3)
    caches = [tmp_path / name / "robust-medical-search" / "nodes" for name in ("first", "second")]
    assert all(list(cache.glob("*/shared.txt")) for cache in caches), "both nodes took part"
    assert server.gets("/nodes/run/assets/shared.txt").total() == 2
    assert not [file for cache in caches for file in cache.glob("run-*/trials/*/*")]
    store = Store(storage).child("run")
    trials = [event["trial"] for event in events_of(folder, "ended")]
    assert all(f"trials/{trial}/model.json" in store.names("") for trial in trials)
    assert not [name for name in store.names("") if "probe" in name or "checkpoint" in name]
    winner = manifest_of(folder)["winner"]
    assert (folder / "best" / "steps.json").read_bytes() == store.read(
        f"trials/{winner}/steps.json"
    )


def confirmation(folder, machine, find):
    """Confirm a run, and return the record."""
    plan = ConfirmPlan(top=1, seeds=2)
    assert confirm(folder, plan, None, machine, find, Console(width=80)) == 0
    return json.loads((folder / "confirm" / "confirm.json").read_text())


@pytest.mark.ray
def test_models_are_examined_on_nodes_that_have_none_of_them(
    server, run_toy, toy, tmp_path, monkeypatch
):
    """The driver's machine is a node like others: its workers fetch models, and send results."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    storage = server.uri("examined")
    _, folder, _ = run_toy(trials=3, storage=storage)
    _, here, _ = run_toy("here", trials=3)
    machine = {"in_process": False, "concurrency": 2}
    records = [confirmation(*job, lambda name: toy) for job in ((folder, machine), (here, {}))]
    for name in ("winner", "standings", "test", "comparisons", "selection"):
        assert records[0][name] == records[1][name], "on Ray it is the same"
    store = Store(storage).child("run")
    examined = [name for name in store.names("confirm/examined") if name.startswith("test/")]
    fresh = ["test/r01.4.npz", "test/r01.5.npz"]  # the winner again: what chose it never meets test
    assert sorted(examined) == [*fresh, "test/r02.2.npz", "test/r02.npz"]
    for name in examined:
        assert (
            store.read(f"confirm/examined/{name}")
            == (folder / "confirm" / "examined" / name).read_bytes()
        )
    assert server.gets("/examined/run/confirm/test/opened").total() == 1, "once a node"
    assert server.gets("/examined/run/assets/shared.txt").total() == 1
