"""Whether every node of a cluster can work on a run: it sees its folder, and has its code."""

import contextlib
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from search.execution.ray.cluster import Resources, cluster
from search.record.provenance import CodeState, code_state
from search.record.run_folder import RunFolder
from search.storage.depot import SHARED, Depot
from search.storage.store import StorageError
from searchspace.errors import UserError
from trainables.door.opening import MIB, read_bytes, remove_folder, replacement
from trainables.runtime.files import cannot_write

PATIENCE_S = 3.0  # network file systems may show a new file late
ANSWER_S = 120.0  # a node's first process starts slowly where its disk is cold


@dataclass(frozen=True)
class Probe:
    """What the driver leaves among the run's files for each node to find.

    Attributes:
        file: Where in the run folder; its name was never used, so no node can remember that it did
            not exist.
        token: What is in it: another folder under the same path does not have it.
        code: The driver's code and versions.
        depot: Where the run's files lie for nodes.
    """

    file: Path
    token: str
    code: CodeState
    depot: Depot = SHARED

    def remove(self) -> None:
        """Remove it, if the storage still lets us."""
        with contextlib.suppress(StorageError):
            self.depot.remove_file(self.file)


def leave_probe(folder: RunFolder, depot: Depot) -> Probe:
    """Write a probe into the run folder's scratch, or what lies behind it.

    Raises:
        UserError: If that cannot be written to.
    """
    token = secrets.token_hex(8)
    probe = Probe(folder.scratch / f"probe-{token}", token, code_state(), depot)
    path = depot.place(probe.file)
    try:
        folder.scratch.mkdir(exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacement(path) as part:
            part.write_text(token, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error
    depot.send_file(probe.file)
    return probe


def complaint(probe: Probe) -> str:
    """Say, on a node, what is wrong with it; empty where nothing is."""
    node, folder = f"the node {socket.gethostname()}", probe.file.parent.parent
    try:
        visible = _finds(probe)
    except StorageError as error:
        return f"{node} cannot use {error}"
    if not visible:
        return (
            f"{node} does not see {folder}: name with --run a folder that all nodes share, such as "
            "a network file system, or with --storage an object store"
        )
    if changes := probe.code.changes_to(code_state()):
        return f"{node} differs from the driver ({', '.join(changes)}): install the same there"
    return ""


def check_nodes(probe: Probe) -> None:
    """Ask every node of the cluster that is joined.

    Raises:
        UserError: If one cannot work on the run.
    """
    answers = {
        node["NodeManagerHostname"]: _ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote(probe)
        for node in ray.nodes()
        if node["Alive"]
    }
    for name, answer in answers.items():
        try:
            problem = ray.get(answer, timeout=ANSWER_S)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise UserError(f"the node {name} cannot run this package: {reason}") from error
        if problem:
            raise UserError(problem)


def check_cluster(folder: RunFolder, depot: Depot, resources: Resources) -> None:
    """Refuse a running cluster of which a node cannot work on a run.

    Args:
        folder: Of the run, as this machine has it.
        depot: Where the run's files lie for the driver.
        resources: With the address of the cluster.

    Raises:
        UserError: If a node does not see the run's files, or has other code.
    """
    try:
        with cluster(resources):
            probe = leave_probe(folder, depot.for_nodes())
            try:
                check_nodes(probe)
            finally:
                probe.remove()
    finally:
        with contextlib.suppress(OSError):
            remove_folder(folder.scratch)


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]  # Ray is not analysed
def _ask(probe: Probe) -> str:
    return complaint(probe)


def _finds(probe: Probe) -> bool:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            path = probe.depot.bring_file(probe.file)
            return read_bytes(path, MIB) == probe.token.encode()
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
