"""Every cluster file passes the checks that `ray up` makes before it touches a machine."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[1]
CLOUDS = (ROOT / "cluster.yaml", ROOT / "cluster" / "gcp.yaml")
FILES = (*CLOUDS, ROOT / "cluster" / "on-premise.yaml")

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
every_cloud = pytest.mark.parametrize("file", CLOUDS, ids=lambda file: file.stem)


def load(file) -> dict[str, object]:
    return yaml.safe_load(file.read_text())


def prepared(file) -> dict[str, object]:
    """Return what Ray makes of a file: with its own defaults where the file is silent."""
    return prepare_config(load(file))


def commands(cluster) -> list[str]:
    kinds = [name for name in cluster if name.endswith("_commands")]
    return [command for kind in kinds for command in cluster[kind]]


def starts(cluster) -> list[str]:
    return [command for command in commands(cluster) if "ray start" in command]


def test_no_variant_is_forgotten():
    assert {*ROOT.glob("*.yaml"), *ROOT.glob("cluster/*.yaml")} == set(FILES)


@every_file
def test_it_is_valid(file):
    validate_config(prepared(file))


def test_the_check_notices_a_mistake():
    broken = load(FILES[0]) | {"head_node_type": "nobody"}
    with pytest.raises(ValueError, match="head_node_type"):
        validate_config(prepare_config(broken))


@every_file
def test_every_node_gets_the_token_and_asks_for_it(file):
    cluster = prepared(file)
    place = "~/.ray/auth_token"
    assert cluster["file_mounts"][place] == place
    assert "chmod 600 ~/.ray/auth_token" in cluster["setup_commands"]
    assert "chmod 700 ~/.ray" in cluster["setup_commands"]
    assert len(starts(cluster)) == 2
    assert all("RAY_AUTH_MODE=token" in start for start in starts(cluster))
    assert any("RAY_AUTH_MODE=token' >> ~/.bashrc" in line for line in cluster["setup_commands"])


@every_file
def test_nothing_listens_to_the_world_and_nobody_is_told(file):
    cluster = prepared(file)
    assert "0.0.0.0" not in yaml.safe_dump(cluster)  # noqa: S104 - it is looked for
    (head,) = [start for start in starts(cluster) if "--head" in start]
    assert "--dashboard-host=127.0.0.1" in head
    assert "--disable-usage-stats" in head


@every_file
def test_every_node_gets_this_tree_in_the_drivers_versions(file):
    cluster = prepared(file)
    assert cluster["file_mounts"]["~/robust-medical-search"] == "."
    assert {".git", ".venv", "runs"} <= set(cluster["rsync_exclude"])
    everyone = [line for line in cluster["setup_commands"] if "pip install" in line]
    pinned = "-c ~/robust-medical-search/constraints.txt -e ~/robust-medical-search"
    assert all(line.endswith(pinned) for line in everyone)
    assert everyone
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert re.fullmatch(r"ray==2\.60\.\d+", next(line for line in lines if line.startswith("ray")))
    # Ray's own defaults would install other versions, outside the environment.
    assert not [line for line in commands(cluster) if re.match(r"\s*(sudo )?pip3? install", line)]


@every_file
def test_a_second_ray_up_changes_nothing(file):
    """Lines are not appended to again, environments not made again, folders not mounted again."""
    for line in prepared(file)["setup_commands"]:
        if ">>" in line:
            assert line.startswith("grep -qs")
        if " venv " in line and "pip" not in line:
            assert line.startswith("test -x ~/venv/bin/python ||")


@every_file
def test_every_command_is_sound_shell(file):
    for line in commands(prepared(file)):
        subprocess.run(["bash", "-n", "-c", line], check=True)


@every_cloud
def test_workers_are_gpus_on_spot_and_go_when_idle(file):
    cluster = prepared(file)
    assert 0 < cluster["idle_timeout_minutes"] <= 10
    types = cluster["available_node_types"]
    assert cluster["head_node_type"] == "head"
    assert types["head"]["resources"] == {"CPU": 0}
    assert types["head"]["max_workers"] == 0
    worker = types["gpu_worker"]
    assert worker["min_workers"] == 0
    assert worker["max_workers"] == cluster["max_workers"]
    assert worker["resources"]["GPU"] == 1
    assert "spot" in yaml.safe_dump(worker["node_config"]).lower()
    assert "spot" not in yaml.safe_dump(types["head"]["node_config"]).lower()
    assert cluster["provider"]["cache_stopped_nodes"] is False


@every_cloud
def test_the_head_can_start_workers_and_all_see_one_folder(file):
    cluster = prepared(file)
    library = {"aws": "boto3", "gcp": "google-api-python-client"}[cluster["provider"]["type"]]
    heads = "\n".join(cluster["head_setup_commands"])
    assert re.search(rf"--python ~/venv/bin/python[^\n]*{library}", heads)
    assert "/mnt/shared *(rw" in heads
    workers = "\n".join(cluster["worker_setup_commands"])
    assert "mountpoint -q /mnt/shared || sudo mount -t nfs4 $RAY_HEAD_IP:/mnt/shared" in workers


@every_cloud
def test_it_says_what_it_costs(file):
    text = file.read_text()
    assert re.search(r"What it costs .*0\.\d \$ an hour", text, re.DOTALL)


def test_on_premise_starts_every_machine():
    """With Ray's second autoscaler the last machine stays out: the end-to-end test saw it."""
    cluster = prepared(ROOT / "cluster" / "on-premise.yaml")
    (worker_type,) = cluster["available_node_types"].values()
    assert worker_type["min_workers"] == len(cluster["provider"]["worker_ips"])
    assert any("RAY_enable_autoscaler_v2=0" in start for start in starts(cluster))


def test_slurm_starts_ray_on_all_nodes_and_the_search_on_the_first(tmp_path):
    """SLURM's commands, and Ray's, are played by scripts that write down how they were called.

    The names of the nodes are more than a pipe takes at once: all are read, whoever is slower.
    """
    called = tmp_path / "called"
    for name, answer in {"ray": "", "srun": "", "scontrol": "seq -f n%.0f 7 20000"}.items():
        stand_in = tmp_path / name
        stand_in.write_text(f'#!/bin/sh\necho {name} $RAY_AUTH_MODE "$@" >> {called}\n{answer}\n')
        stand_in.chmod(0o755)
    subprocess.run(
        ["bash", str(ROOT / "cluster" / "slurm.sh"), "tsynd", "--run", "runs/first"],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "SLURM_JOB_NODELIST": "n[7-8]",
            "SLURM_JOB_NUM_NODES": "2",
        },
        cwd=tmp_path,
        check=True,
    )
    made, names, run = called.read_text().splitlines()
    assert made == "ray token get-auth-token --generate"
    assert names == "scontrol token show hostnames n[7-8]"
    assert run.startswith("srun token --nodes=2 --ntasks=2 ")
    assert " ray symmetric-run --address n7:6379 --min-nodes 2 " in run
    assert run.endswith(" -- python -m search tsynd --run runs/first --address auto")
