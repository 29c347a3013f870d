"""How often the assets of a run are read from its storage: once a node, whatever the trials.

    python benchmarks/storage_bytes.py --trials 8 32

A study whose trials read 20 MB of assets and wait half a second runs on Ray, with S3 (moto, on the
loopback address): on one node, and on two raylets of this machine with caches of their own. The
table shows the bytes that the server sends of the assets and in total, and, to compare, the bytes
if each trial fetched the assets. Ray's object store carries a job to each worker; its size is
printed: it holds addresses and no data.
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

from search.execution.worker import WorkerJob
from search.plan import Plan
from search.run.runner import run
from search.storage.depot import StoredFolder
from search.storage.store import Store
from search.study import StudyRow

STUDY = StudyRow("empty", "trials that read their assets", empty_study.MODULE)
BYTES = 20_000_000


def measure(server: Server, folder: Path, trials: int, nodes: int) -> dict[str, Any]:
    """Run trials on some nodes.

    Args:
        server: Counts requests.
        folder: For the run folder and the caches of the nodes.
        trials: How many.
        nodes: 1 or 2.

    Returns:
        Bytes of the assets and of all that the server sent, and the number of requests.
    """
    name = f"run-{trials}-{nodes}"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for node in range(nodes):
            cache = {"XDG_CACHE_HOME": str(folder / name / f"node-{node}")}
            cluster.add_node(num_cpus=2 // nodes, env_vars=cache)
        plan = Plan(
            study="empty",
            seed_check=0,
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
        with Path(os.devnull).open("w") as sink:
            run(plan, STUDY, Console(file=sink, width=80))
    finally:
        cluster.shutdown()
    replies = [(path, size) for verb, path, size in server.asked if verb == "GET"]
    of_assets = [(path, size) for path, size in replies if path.endswith(empty_study.FILE)]
    return {
        "trials": trials,
        "nodes": nodes,
        "assets": sum(size for _, size in of_assets),
        "all": sum(size for _, size in replies),
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
                counts = measure(server, Path(folder), count, nodes)
                print(
                    f"{nodes:5}  {counts['trials']:6}  "
                    f"{counts['assets'] / 1e6:11.1f} MB  {counts['trials'] * BYTES / 1e6:9.1f} MB  "
                    f"{counts['all'] / 1e6:13.2f} MB  {counts['requests'] / counts['trials']:16.1f}"
                )
        depot = StoredFolder(Path(folder), Store(server.uri("bench")))
        settings = empty_study.Settings()
        rungs = settings.rungs
        job = WorkerJob(
            empty_study.MODULE, settings, rungs, Path(folder), Path(folder), 1, depot=depot
        )
        print(f"through Ray's object store: {len(cloudpickle.dumps(job))} bytes a job")
    server.stop()


if __name__ == "__main__":
    main()
