"""Ray's own processes: which are watched, and how a cluster without them is left."""

import threading
from types import SimpleNamespace

import pytest
import ray

from search.execution.ray import processes


class Process:
    """A process that has ended, where it has a status."""

    pid = 0

    def __init__(self, status):
        self.poll = lambda: status


class Node:
    """Ray's node, with processes of which some have ended."""

    def __init__(self, **statuses):
        self.ends = 0
        self.all_processes = {
            kind: [
                SimpleNamespace(process=SimpleNamespace(poll=lambda status=status: status, pid=0))
            ]
            for kind, status in statuses.items()
        }

    def kill_all_processes(self, **options):
        self.ends += 1


@pytest.fixture
def node(monkeypatch):
    def put(**statuses):
        node = Node(**statuses)
        monkeypatch.setattr(ray._private.worker, "_global_node", node)
        return node

    return put


@pytest.fixture
def calls(monkeypatch):
    """What was called of those that end things."""
    names = []
    monkeypatch.setattr(processes.ray, "shutdown", lambda: names.append("shutdown"))
    monkeypatch.setattr(processes.atexit, "unregister", lambda function: None)
    monkeypatch.setattr(processes, "end_at_once", names.append)
    return names


@pytest.mark.parametrize(
    ("statuses", "name"),
    [
        ({"gcs_server": None, "raylet": None, "log_monitor": 1}, ""),
        ({"gcs_server": None, "raylet": -9}, "raylet"),
        ({"gcs_server": -9, "raylet": None}, "GCS"),
        ({}, ""),
    ],
)
def test_a_process_that_is_needed_and_gone_is_named(node, statuses, name):
    node(**statuses)
    assert processes.dead_process() == name
    if name:
        with pytest.raises(processes.RayGone, match=f"^Ray's {name} has died"):
            processes.check_alive()


def test_a_cluster_elsewhere_has_no_processes_here(monkeypatch):
    monkeypatch.setattr(ray._private.worker, "_global_node", None)
    processes.check_alive()


def test_a_call_that_waits_for_what_is_gone_is_left(node):
    node(gcs_server=-9, raylet=None)
    ready = threading.Event()
    with pytest.raises(processes.RayGone, match="Ray's GCS has died"):
        processes.run_watched(ready.wait, grace_s=0.01)
    ready.set()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), processes.RayGone("x")])
def test_what_a_call_raises_is_raised(node, error):
    node(gcs_server=None, raylet=None)

    def function():
        raise error

    with pytest.raises(type(error)) as caught:
        processes.run_watched(function)
    assert caught.value is error
    processes.run_watched(lambda: None)


def test_a_cluster_whose_gcs_is_gone_is_not_asked_to_end(node, calls):
    cluster = node(gcs_server=-9, raylet=None)
    processes.leave()
    assert (cluster.ends, calls) == (1, ["ray"])


def test_a_gcs_that_goes_while_ray_asks_it_is_not_waited_for(node, calls, monkeypatch):
    cluster, release = node(gcs_server=None, raylet=None), threading.Event()
    (gcs,) = cluster.all_processes["gcs_server"]

    def shutdown():
        gcs.process.poll = lambda: -15
        release.wait(60)

    monkeypatch.setattr(processes.ray, "shutdown", shutdown)
    monkeypatch.setattr(processes, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(processes._shut_down, "__defaults__", (0.01,))
    processes.leave()
    assert (cluster.ends, calls, release.is_set()) == (1, ["ray"], False)
    release.set()


def test_any_other_is_ended_by_ray(node, calls):
    cluster = node(gcs_server=None, raylet=-9)
    processes.leave()
    assert (cluster.ends, calls) == (0, ["shutdown"])


def test_ray_has_the_names_that_are_used(monkeypatch):
    """A new version that lacks one would print its log again, or hang at the end."""
    assert callable(ray._private.worker.print_to_stdstream)
    monkeypatch.setattr(ray._private.worker, "print_to_stdstream", print)
    processes.hush()
    assert ray._private.worker.print_to_stdstream({"lines": ["x"]}, ignore_prefix=False) is None
    assert ray._private.worker.print_to_stdstream is not print
    assert hasattr(ray._private.worker, "_global_node")
