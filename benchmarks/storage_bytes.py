"""How often the assets of a run are read from its storage: once a node, whatever the trials.

    python benchmarks/storage_bytes.py --trials 8 32

A study whose trials read 20 MB of assets and wait half a second, on S3 (moto, on the loopback
address) and Ray: on one node, and on two raylets of this machine with caches of their own. Counted
are the bytes that the server sends of the assets, and of everything; beside them what a trial that
fetches its own would cost. What Ray's object store carries to each worker is the job, whose size is
printed; it holds addresses and no data.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HELPERS = [str(ROOT / "tests" / "support"), str(ROOT / "benchmarks")]
sys.path[:0] = HELPERS
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *HELPERS])

import empty_study

from search.execution.ray import environment

environment.prepare(local=False)

from ray import cloudpickle
from ray.cluster_utils import Cluster
from rich.console import Console
from s3 import ENVIRONMENT, Server

from search.execution.worker import Job
from search.plan import Plan
from search.run.runner import run
from search.storage.depot import StoredFolder
from search.storage.store import Store
from search.study import Study

STUDY = Study("empty", "trials that read their assets", "empty_study")
BYTES = 20_000_000


def measure(server: Server, folder: Path, trials: int, nodes: int) -> dict[str, Any]:
    """Run trials over some nodes; return what the server sent."""
    name = f"run-{trials}-{nodes}"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for node in range(nodes):
            cache = {"XDG_CACHE_HOME": str(folder / name / f"node-{node}")}
            cluster.add_node(num_cpus=2 // nodes, env_vars=cache)
        plan = Plan(
            study="empty",
            settings={"assets": BYTES, "step_s": 0.5},
            trials=trials,
            sampler="random",
            scheduler="fifo",
            concurrency=2,
            run=folder / name / name,
            storage=server.uri("bench"),
            address=cluster.address,
        )
        del server.asked[:]
        with Path(os.devnull).open("w") as nothing:
            run(plan, STUDY, Console(file=nothing, width=80))
    finally:
        cluster.shutdown()
    read = [(path, size) for verb, path, size in server.asked if verb == "GET"]
    of_assets = [(path, size) for path, size in read if path.endswith(empty_study.FILE)]
    return {
        "trials": trials,
        "nodes": nodes,
        "assets": sum(size for _, size in of_assets),
        "all": sum(size for _, size in read),
        "requests": len(server.asked),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[8, 32])
    trials = parser.parse_args().trials
    os.environ.update(ENVIRONMENT)
    server = Server()
    print(f"assets: {BYTES / 1e6:.1f} MB")
    print("nodes  trials  read of assets  once a trial  all that is read  requests a trial")
    with tempfile.TemporaryDirectory() as folder:
        for nodes in (1, 2):
            for count in trials:
                found = measure(server, Path(folder), count, nodes)
                print(
                    f"{nodes:5}  {found['trials']:6}  "
                    f"{found['assets'] / 1e6:11.1f} MB  {found['trials'] * BYTES / 1e6:9.1f} MB  "
                    f"{found['all'] / 1e6:13.2f} MB  {found['requests'] / found['trials']:16.1f}"
                )
        depot = StoredFolder(Path(folder), Store(server.uri("bench")))
        settings = empty_study.parse_settings({})
        rungs = empty_study.ladder(settings)
        job = Job("empty_study", settings, rungs, Path(folder), Path(folder), 1, depot=depot)
        print(f"through Ray's object store: {len(cloudpickle.dumps(job))} bytes a job")
    server.stop()


if __name__ == "__main__":
    main()
