"""cluster/on-premise.yaml for real: hosts, SSH, `ray up`, a search, a lost host, `ray down`."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hosts import SHARED, Lab, missing
from whole_runs import check_whole, events_of

pytestmark = [pytest.mark.ray, pytest.mark.hosts]

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "tests" / "support" / "toy_main.py"
WORKERS = ("one", "two")
CORES = os.cpu_count() or 1
LIMIT_S = 200


class Cluster:
    """The launcher's commands, run on the laptop."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.file = folder / "cluster.yaml"
        self.file.write_text(yaml.safe_dump(self._adapted()))

    def _adapted(self) -> dict[str, object]:
        """Put the lab's addresses and keys into the file that is shipped, and nothing else.

        But for the installation of the package, which would fetch gigabytes: the hosts see this
        machine's environment, and the package is the one that was sent to them.
        """
        found = yaml.safe_load((ROOT / "cluster" / "on-premise.yaml").read_text())
        hosts = self.lab.hosts
        found["provider"]["head_ip"] = hosts["head"].address
        found["provider"]["worker_ips"] = [hosts[name].address for name in WORKERS]
        found["auth"] = {"ssh_user": "root", "ssh_private_key": "~/.ssh/id_ed25519"}
        folder, rights, make, install, variables = found["setup_commands"]
        assert "-m venv" in make
        assert "pip install" in install
        sent = "$HOME/robust-medical-search"
        path = f"echo 'export PYTHONPATH={sent}:{sent}/tests/support' >> ~/.bashrc"
        found["setup_commands"] = [folder, rights, f"ln -sfn {sys.prefix} ~/venv", variables, path]
        return found

    def ray(self, command: str, *arguments: str) -> list[str]:
        """Return a command of Ray's, as typed on the laptop in the repository."""
        file = str(SHARED / self.file.name)
        typed = ["ray", command, *(["-y"] if command in {"up", "down"} else []), file, *arguments]
        return self.lab.laptop.command("env", "-C", str(ROOT), *typed)

    def submit(self, **plan: object) -> list[str]:
        """Return the command that sends the toy study to the head, and runs it there."""
        plan = {"study": "toy", "address": "auto", "cpus_per_trial": CORES} | plan
        return self.ray("submit", str(MAIN), shlex.quote(json.dumps(plan)))

    def on(self, host: str, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a host."""
        there = self.lab.hosts[host].command("sh", "-c", command, **environment)
        return subprocess.run(there, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def wait_for_hosts(self) -> None:
        """Return once all have joined."""
        want = len(WORKERS) + 1
        count = "sum(node['Alive'] for node in ray.nodes())"
        asked = f"import ray; ray.init('auto'); print('joined', {count})"
        for _ in range(LIMIT_S // 5):
            done = self.on("head", f'python -c "{asked}"', RAY_AUTH_MODE="token")
            if f"joined {want}" in done.stdout:
                return
            time.sleep(2)
        log = self.on("head", "tail -n 50 /tmp/ray/session_latest/logs/monitor.*").stdout
        pytest.fail(f"not all hosts joined: {done.stdout}{done.stderr}{log}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    if reason := missing():
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(f"CI must make hosts where it is root: {reason}")
        pytest.skip(reason)
    with Lab(tmp_path_factory.mktemp("lab"), ("head", *WORKERS), ROOT) as lab:
        yield lab


@pytest.fixture(scope="module")
def cluster(lab):
    cluster = Cluster(lab, lab.shared)
    token = lab.laptop.command("env", "-C", str(ROOT), "python", "-m", "search", "token")
    subprocess.run(token, check=True, capture_output=True)
    up = subprocess.run(
        cluster.ray("up", "--no-config-cache"),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert up.returncode == 0, up.stdout + up.stderr
    cluster.wait_for_hosts()
    return cluster


def test_nobody_gets_in_without_the_token(cluster):
    """The other tests do, on all hosts; of the tree they have got what is to be sent."""
    for stranger in ({}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}):
        head = cluster.lab.hosts["head"].address
        done = cluster.on("laptop", f"ray status --address {head}:6379", **stranger)
        assert done.returncode != 0
        assert "oken" in done.stdout + done.stderr
    for name in ("head", *WORKERS):
        sent = cluster.on(name, "stat -c %a ~/.ray/auth_token; ls -A ~/robust-medical-search")
        rights, *names = sent.stdout.split()
        assert rights == "600"
        assert {"search", "pyproject.toml"} <= set(names)
        assert not {".git", ".venv", "runs"} & set(names)


def test_storage_that_not_all_hosts_see_is_refused_at_once(cluster):
    """Each host has a home of its own."""
    run = str(Path.home() / "run")
    command = cluster.submit(run=run, trials=1)
    refused = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert refused.returncode != 0
    printed = refused.stdout + refused.stderr
    assert re.search(f"error: the node (one|two) does not see {run}: name with --run", printed)
    assert cluster.on("head", f"ls -A {run}").stdout == "", (
        "the same command, mended, is not refused"
    )


@pytest.fixture
def s3(cluster):
    """Serve S3 on the laptop, to which every host has credentials; return the bucket's address."""
    laptop, port = cluster.lab.laptop, 5000
    command = laptop.command("moto_server", "-H", laptop.address, "-p", str(port))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = "[default]\naws_access_key_id = tests\naws_secret_access_key = secret\n"
    for host in ("head", *WORKERS):
        done = cluster.on(host, f"mkdir -p ~/.aws && printf '{key}' > ~/.aws/credentials")
        assert done.returncode == 0, done.stderr
    make = (
        "from urllib.request import Request, urlopen;"
        f"urlopen(Request('http://{laptop.address}:{port}/lab', method='PUT'))"
    )
    try:
        for _ in range(LIMIT_S):
            if cluster.on("laptop", f'python -c "{make}"').returncode == 0:
                break
            time.sleep(1)
        yield f"s3://lab/runs?endpoint_override={laptop.address}:{port}&scheme=http"
    finally:
        server.kill()
        server.wait()


def test_hosts_that_share_no_folder_work_by_way_of_s3(cluster, s3):
    """The run folder is one that the head alone has."""
    command = cluster.submit(
        run=str(Path.home() / "stored"),
        storage=s3,
        trials=5,
        concurrency=3,
        scheduler="fifo",
        settings={"epoch_s": 1.0},  # longer than a host takes to start
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    written = cluster.on("head", "cat ~/stored/events.jsonl").stdout
    events = [json.loads(line) for line in written.splitlines()]
    ended = {e["trial"]: e["node"] for e in events if e["event"] == "ended"}
    assert len(ended) == 7
    assert {"one", "two"} <= set(ended.values())
    for host in WORKERS:
        assert "stored" not in cluster.on(host, "ls ~").stdout
        copies = cluster.on(host, "ls ~/.cache/robust-medical-search/nodes/*/shared.txt").stdout
        assert len(copies.splitlines()) == 1


def test_a_lost_host_costs_time_and_no_results(cluster):
    """The search comes from the laptop, runs on all hosts, and one is lost in the middle."""
    folder = cluster.folder / "run"
    command = cluster.submit(
        run=str(SHARED / "run"),
        trials=7,
        concurrency=3,
        scheduler="fifo",
        settings={"epoch_s": 0.7},
    )
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lost = wait_for_report(folder, "one", process)
        cluster.lab.hosts["one"].kill()
        printed, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert process.returncode == 0, printed
    restarts = {event["trial"]: event["reason"] for event in events_of(folder, "restarted")}
    assert restarts[lost] == "lost its worker process, starts again"
    check_whole(folder, 7)
    ended = {event["trial"]: event for event in events_of(folder, "ended")}
    assert {event["state"] for event in ended.values()} == {"completed"}
    assert ended[lost]["node"] in {"head", "two"}
    assert {event["node"] for event in ended.values()} >= {"head", "two"}
    steps = json.loads((folder / "trials" / lost / "steps.json").read_text())
    assert [epoch for epoch, _ in steps] == list(range(9)), "it went on from its checkpoint"

    down = subprocess.run(
        cluster.ray("down"), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert down.returncode == 0, down.stdout + down.stderr
    assert cluster.on("head", "pgrep -l 'raylet|gcs_server'").stdout == ""


def wait_for_report(folder, node, process):
    """Return the trial that reported from a host, and goes on there."""
    for _ in range(LIMIT_S * 10):
        if (folder / "events.jsonl").exists():
            for event in events_of(folder, "reported"):
                if event["node"] == node and event["rung"] == 0:
                    return event["trial"]
        if process.poll() is not None:
            pytest.fail(f"ended early: {process.communicate()[0]}")
        time.sleep(0.1)
    process.kill()
    pytest.fail(f"no trial reported from {node}: {process.communicate()[0]}")
