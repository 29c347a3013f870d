"""What trials get on a cluster of two raylets with made-up GPUs, and what they make of it."""

import json

import pytest
from toy_study import Settings

from searchspace.errors import UserError

pytestmark = pytest.mark.ray

GIB = 2**30


def places(folder):
    return [json.loads(file.read_text()) for file in sorted(folder.glob("trials/*/place.json"))]


def most_at_once(found):
    return max(sum(a["from"] <= b["from"] < a["to"] for a in found) for b in found)


def test_a_fraction_of_a_gpu_is_shared_and_computed_on_with_threads_pinned(two_nodes, run_toy):
    """The driver has no GPU; half a GPU each, so four trials at once share two."""
    settings = {"places": True, "epoch_s": 0.05}
    status, folder, said = run_toy(
        in_process=False, address=two_nodes, gpus_per_trial=0.5, concurrency=4, trials=4,
        settings=settings, references="few", scheduler="fifo",
    )  # fmt: skip
    assert status == 0
    assert "trials compute on cuda" in said
    found = places(folder)
    assert len(found) == 5
    assert {place["device"] for place in found} == {"cuda"}
    assert {place["gpus"] for place in found} == {"0"}  # each node calls its one GPU so
    assert {place["torch"] for place in found} == {1}
    for place in found:
        assert set(place["pools"].values()) == {1}, place["pools"]


def test_memory_is_set_apart_so_that_a_node_is_not_overcommitted(two_nodes, run_toy):
    """1.3 GiB each: one trial fits the node of 2 GiB and two that of 3, though four have cores."""
    status, folder, _ = run_toy(
        in_process=False, address=two_nodes, concurrency=4, trials=4, references="few",
        scheduler="fifo", settings={"max_memory": 0.8, "epoch_s": 0.3, "places": True},
    )  # fmt: skip
    assert status == 0
    found = places(folder)
    assert {place["device"] for place in found} == {"cpu"}
    assert most_at_once(found) <= 3


def test_no_more_memory_is_asked_for_than_the_largest_node_has(two_nodes):
    """Or a trial would wait for ever."""
    from search.execution.ray.cluster import Resources, cluster  # noqa: PLC0415

    resources = Resources(4, 1, 0.25, two_nodes)
    with cluster(resources):
        asked = resources.of_a_trial(Settings(max_memory=0.5))
        assert asked == {"cpu": 1, "gpu": 0.25, "memory": GIB}
        assert resources.of_a_trial(Settings(max_memory=40.0))["memory"] == 3 * GIB
        assert "memory" not in resources.of_a_trial(Settings())


def test_where_machines_come_and_go_a_trial_starts_again_more_often():
    from search.execution.ray.cluster import Resources  # noqa: PLC0415 - imports Ray

    here, cluster = (Resources(1, 1, 0.0, address) for address in (None, "auto"))
    assert here.restarts == 1
    assert cluster.restarts > here.restarts


@pytest.mark.parametrize("kind", [Exception, ConnectionError])
def test_a_machine_too_busy_to_start_ray_gets_one_line(kind, monkeypatch):
    """Ray raises a bare Exception where its own processes take longer than it waits."""
    from search.execution.ray import cluster  # noqa: PLC0415 - imports Ray

    def refuse(**_options):
        raise kind("The current node timed out during startup.\nSecond line.")

    monkeypatch.setattr(cluster.ray, "init", refuse)
    resources = cluster.Resources(1, 1, 0.0, None)
    with (
        pytest.raises(UserError, match=r"^cannot start Ray: .* timed out during startup\.$"),
        cluster.cluster(resources),
    ):
        pass


def test_a_defect_is_not_taken_for_a_busy_machine(monkeypatch):
    from search.execution.ray import cluster  # noqa: PLC0415 - imports Ray

    monkeypatch.setattr(cluster.ray, "init", lambda **_options: {}["missing"])
    with pytest.raises(KeyError), cluster.cluster(cluster.Resources(1, 1, 0.0, None)):
        pass
