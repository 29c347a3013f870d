"""Faults of every kind, put into real runs: nothing that finished is lost or done twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from places import TOY_MAIN
from whole_runs import check_whole, events_of, manifest_of, wait_for

from searchspace.errors import UserError


def test_a_trial_that_hangs_is_ended_at_its_limit(run_toy):
    status, folder, printed = run_toy(trials=2, settings={"faults": ("hang",)}, trial_limit_s=0.5)
    assert status == 0
    assert "r03 hang: failed" in printed
    assert "no report within 0.5 s" in printed
    check_whole(folder, 2, references=3)


def test_a_trial_beyond_the_memory_fails_alone(run_toy):
    status, folder, printed = run_toy(trials=2, settings={"faults": ("memory",)})
    assert status == 0
    assert "r03 memory: failed" in printed
    assert "Unable to allocate 8.00 PiB" in printed
    check_whole(folder, 2, references=3)


def test_two_processes_do_not_run_the_same_search(start, take_up, tmp_path):
    folder = tmp_path / "run"
    process = start(folder, settings={"faults": ["hang"]})
    try:
        wait_for((folder / "events.jsonl").exists, process)
        with pytest.raises(UserError, match="is running in another process"):
            take_up(folder)
    finally:
        process.kill()
        process.communicate()


def test_a_full_disk_ends_the_run_and_space_lets_it_go_on(take_up, child_environment, tmp_path):
    """On a file system of two megabytes, of which each trial takes half of one."""
    small, kept = tmp_path / "small", tmp_path / "kept"
    small.mkdir()
    settings = {"ballast": 500_000}
    plan = {"study": "toy", "settings": settings, "in_process": True, "run": str(small / "run")}
    plan |= {"trials": 6, "scheduler": "fifo"}
    script = (
        f"mount -t tmpfs -o size=2m tmpfs {small} || exit 77; "
        f"{sys.executable} -P {TOY_MAIN} '{json.dumps(plan)}'; status=$?; "
        f"cp -r {small}/run {kept}; exit $status"
    )
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no small file system can be made here: {done.stderr}")
    assert done.returncode in {1, 2}, done.stderr
    assert "o space left" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    finished = events_of(kept, "ended")
    assert 0 < sum(event["state"] == "completed" for event in finished) < 8
    for end in finished:
        if end["state"] == "completed":
            assert (kept / "trials" / end["trial"] / "steps.json").stat().st_size > 0
    assert take_up(kept)[0] == 0
    check_whole(kept, 6)
    before = [event for event in finished if event["state"] != "interrupted"]
    assert events_of(kept, "ended")[: len(before)] == before


@pytest.mark.ray
def test_a_killed_worker_costs_the_epochs_since_its_checkpoint(start, tmp_path):
    folder, pids = tmp_path / "run", tmp_path / "pids"
    pids.mkdir()
    settings = {"epoch_s": 0.3, "pids": str(pids)}
    process = start(folder, in_process=False, concurrency=1, trials=2, settings=settings)
    second_rung = folder / "trials" / "r01" / "checkpoint.safetensors"
    wait_for(second_rung.exists, process)
    time.sleep(0.4)
    (worker,) = pids.iterdir()
    os.kill(int(worker.name), signal.SIGKILL)
    printed, complained = process.communicate(timeout=240)
    assert process.returncode == 0, complained
    assert "r01 baseline: lost its worker process, starts again" in printed
    check_whole(folder, 2)
    steps = json.loads((folder / "trials" / "r01" / "steps.json").read_text())
    assert [epoch for epoch, _ in steps] == list(range(9))
    assert len({pid for _, pid in steps}) == 2
    assert {pid for epoch, pid in steps if epoch < 3} == {int(worker.name)}


@pytest.mark.ray
def test_a_killed_driver_on_ray_loses_nothing_finished(start, take_up, tmp_path):
    folder = tmp_path / "run"
    settings = {"epoch_s": 0.05}
    process = start(folder, in_process=False, concurrency=2, trials=4, settings=settings)
    wait_for(lambda: (folder / "events.jsonl").exists() and events_of(folder, "ended"), process)
    process.kill()
    process.communicate()
    finished = events_of(folder, "ended")
    assert manifest_of(folder)["status"] == "running"
    assert take_up(folder, in_process=True)[0] == 0
    check_whole(folder, 4)
    assert events_of(folder, "ended")[: len(finished)] == finished


@pytest.mark.ray
def test_a_killed_node_moves_its_trials_to_another(start, tmp_path, child_environment):
    """A raylet is killed with the trial that it runs; the run folder is seen by both nodes."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    folder, pids = tmp_path / "run", tmp_path / "pids"
    pids.mkdir()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        settings = {"epoch_s": 0.3, "pids": str(pids)}
        process = start(
            folder,
            in_process=False,
            concurrency=2,
            trials=2,
            settings=settings,
            address=cluster.address,
        )
        wait_for(lambda: list(folder.glob("trials/*/checkpoint.safetensors")), process)
        cluster.remove_node(nodes[0], allow_graceful=False)
        printed, complained = process.communicate(timeout=300)
    finally:
        cluster.shutdown()
        shutil.rmtree(pids)
    assert process.returncode == 0, complained
    assert "lost its worker process, starts again" in printed
    check_whole(folder, 2)
