"""Searches over nodes that share nothing but an S3 server."""

import pytest
from places import SUPPORT
from rich.console import Console
from whole_runs import check_whole, events_of, manifest_of

from search.confirmation.confirm import ConfirmPlan, confirm
from search.storage.store import Store

pytestmark = pytest.mark.ray


@pytest.fixture
def nodes(environment, tmp_path):
    """Two nodes of a core each, with caches of their own; where they are."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for name in ("one", "two"):
            cluster.add_node(num_cpus=1, env_vars={"XDG_CACHE_HOME": str(tmp_path / name)})
        yield cluster.address
    finally:
        cluster.shutdown()


def test_each_node_fetches_the_assets_once_whatever_the_number_of_trials(
    nodes, start, server, tmp_path
):
    folder, storage = tmp_path / "run", server.uri("nodes")
    process = start(
        folder,
        in_process=False,
        concurrency=2,
        trials=6,
        storage=storage,
        address=nodes,
        settings={"epoch_s": 0.05},
    )
    printed, complained = process.communicate(timeout=240)
    assert process.returncode == 0, complained + printed
    check_whole(folder, 6)
    caches = [tmp_path / name / "robust-medical-search" / "nodes" for name in ("one", "two")]
    assert all(list(cache.glob("*/shared.txt")) for cache in caches), "both nodes took part"
    assert server.gets("/nodes/run/assets/shared.txt").total() == 2
    assert not [file for cache in caches for file in cache.glob("run-*/trials/*/*")]
    store = Store(storage).child("run")
    ended = [event["trial"] for event in events_of(folder, "ended")]
    assert all(f"trials/{trial}/model.json" in store.names("") for trial in ended)
    assert not [name for name in store.names("") if "probe" in name or "checkpoint" in name]
    winner = manifest_of(folder)["winner"]
    assert (folder / "best" / "steps.json").read_bytes() == store.read(
        f"trials/{winner}/steps.json"
    )


def test_models_are_examined_on_nodes_that_have_none_of_them(
    server, run_toy, toy, tmp_path, monkeypatch
):
    """The driver's machine is a node like others: its workers fetch, and send what they find."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    storage = server.uri("examined")
    _, folder, _ = run_toy(trials=3, storage=storage)
    machine = {"in_process": False, "concurrency": 2}
    console, find = Console(width=80), (lambda name: toy)
    assert confirm(folder, ConfirmPlan(top=1, seeds=2), None, machine, find, console) == 0
    store = Store(storage).child("run")
    examined = [name for name in store.names("confirm/examined") if name.startswith("test/")]
    assert sorted(examined) == ["test/r01.2.npz", "test/r01.npz", "test/r02.2.npz", "test/r02.npz"]
    for name in examined:
        assert (
            store.read(f"confirm/examined/{name}")
            == (folder / "confirm" / "examined" / name).read_bytes()
        )
    assert server.gets("/examined/run/confirm/test/opened").total() == 1, "once a node"
    assert server.gets("/examined/run/assets/shared.txt").total() == 1
