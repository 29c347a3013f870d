"""A trial's share of memory on the smallest node of a cluster that it may come to."""

from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from search.execution.machine import Share, share_of_gpu, smallest_gpu
from search.execution.ray.cluster import Resources, cluster
from trainables.runtime.memory import GIB

ANSWER_S = 60.0  # a GPU that others hold all that time is not asked
SLIVER = 0.001  # of a GPU: enough to be shown it


def share_of_nodes(resources: Resources, device: str) -> Share | None:
    """Look at all nodes that are joined; None where none of them could run a trial."""
    with cluster(resources):
        nodes = [node for node in ray.nodes() if node["Alive"]]
        if device != "cpu":
            sizes = _gpu_sizes([node for node in nodes if node["Resources"].get("GPU")])
            return share_of_gpu(min(sizes), resources.share_of_gpus()) if sizes else None
        shares = [share for node in nodes if (share := _of_node(node, resources))]
        return min(shares, key=lambda share: share.gib, default=None)


def _of_node(node: dict[str, Any], resources: Resources) -> Share | None:
    """Divide what Ray counts as a node's memory by the trials that it has cores for."""
    at_once = min(resources.workers, int(node["Resources"].get("CPU", 0)) // resources.cpus)
    gib, name = node["Resources"].get("memory", 0) / GIB, node["NodeManagerHostname"]
    if at_once < 1 or not gib:
        return None
    return Share(gib / at_once, f"{gib:.1f} GiB that Ray has on {name}, for {at_once} at a time")


def _gpu_sizes(nodes: list[dict[str, Any]]) -> list[int]:
    answers = [
        _ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote()
        for node in nodes
    ]
    ready, late = ray.wait(answers, num_returns=len(answers), timeout=ANSWER_S)
    for answer in late:
        ray.cancel(answer)
    return [size for size in ray.get(ready) if size]


@ray.remote(num_cpus=0, num_gpus=SLIVER, max_retries=0)  # type: ignore[untyped-decorator]  # Ray is not analysed
def _ask() -> int:
    return smallest_gpu()[0]
