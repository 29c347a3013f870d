"""A cluster of two raylets with made-up GPUs, and a probe for its nodes."""

import pytest
from places import SUPPORT

from search.record.run_folder import RunFolder
from search.storage.depot import SharedFolder

GIB = 2**30


@pytest.fixture(scope="package")
def two_nodes():
    """Two nodes of two cores and a GPU each, one with 2 GiB of memory and one with 3."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SUPPORT))  # for the workers
        patch.setenv("OMP_NUM_THREADS", "2")  # as a shell may say: more than a trial has
        from search.execution.ray import environment  # noqa: PLC0415

        environment.prepare(local=True)
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - Ray

        cluster = Cluster()
        for gib in (2, 3):
            cluster.add_node(num_cpus=2, num_gpus=1, memory=gib * GIB)
        cluster.wait_for_nodes()
        yield cluster.address
        cluster.shutdown()


@pytest.fixture
def probe(tmp_path, monkeypatch):
    from search.execution.ray import nodes  # noqa: PLC0415 - imports Ray

    monkeypatch.setattr(nodes, "PATIENCE_S", 0.0)
    return nodes.leave_probe(RunFolder(tmp_path), SharedFolder())
