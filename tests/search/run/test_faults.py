"""Faults of every kind, put into real runs: nothing that finished is lost or done twice."""

import json
import os
import signal
import subprocess
import sys

import pytest
import toy_study
from places import TOY_MAIN
from rich.console import Console
from whole_runs import check_whole, events_of, manifest_of, states_of, wait_for

from search.run.runner import replay
from search.study import StudyRow
from searchspace.errors import UserError

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")


def test_a_trial_that_hangs_is_ended_at_its_limit(run_toy):
    status, folder, printed = run_toy(trials=2, settings={"faults": ("hang",)}, trial_limit_s=3)
    assert status == 0
    assert "r03 hang: failed" in printed
    assert "no report within 3 s" in printed
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


@pytest.fixture
def marker(tmp_path):
    """Return the file that the trial r03 waits for, an epoch after its first checkpoint."""
    return tmp_path / "marker"


def waiting_for(marker):
    """List the processes that wait for it."""
    return [int(file.suffix[1:]) for file in marker.parent.glob(f"{marker.name}.*")]


@pytest.mark.ray
def test_a_killed_worker_costs_the_epochs_since_its_checkpoint(start, marker, tmp_path):
    folder = tmp_path / "run"
    settings = {"faults": ["wait"], "marker": str(marker)}
    process = start(folder, in_process=False, concurrency=1, trials=2, settings=settings)
    wait_for(lambda: waiting_for(marker), process)
    (worker,) = waiting_for(marker)
    os.kill(worker, signal.SIGKILL)
    marker.touch()
    printed, complained = process.communicate(timeout=240)
    assert process.returncode == 0, complained
    assert "r03 wait: lost its worker process, starts again" in printed
    check_whole(folder, 2, references=3)
    steps = json.loads((folder / "trials" / "r03" / "steps.json").read_text())
    assert [epoch for epoch, _ in steps] == list(range(9))
    assert {pid for epoch, pid in steps if epoch < 3} == {worker}
    assert worker not in {pid for epoch, pid in steps if epoch >= 3}


@pytest.mark.ray
def test_a_killed_node_moves_its_trials_to_another(start, marker, tmp_path, child_environment):
    """A raylet is killed with the trial that it runs; the run folder is seen by both nodes."""
    from kills import psutil  # noqa: PLC0415 - Ray
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    def raylet_of(node):
        return node.all_processes["raylet"][0].process.pid

    folder = tmp_path / "run"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        settings = {"faults": ["wait"], "marker": str(marker)}
        process = start(
            folder,
            in_process=False,
            concurrency=2,
            trials=2,
            settings=settings,
            address=cluster.address,
        )
        wait_for(lambda: waiting_for(marker), process)
        worker = psutil.Process(waiting_for(marker)[0])
        (node,) = [node for node in nodes if raylet_of(node) == worker.ppid()]
        cluster.remove_node(node, allow_graceful=False)
        wait_for(lambda: not worker.is_running(), process)  # it ends once it misses its raylet
        marker.touch()
        printed, complained = process.communicate(timeout=300)
    finally:
        cluster.shutdown()
    assert process.returncode == 0, complained
    assert "r03 wait: lost its worker process, starts again" in printed
    check_whole(folder, 2, references=3)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_text("other"), "is not what was prepared"),
    ],
    ids=["missing", "damaged"],
)
def test_assets_that_break_in_mid_run_end_it_and_once_put_back_it_goes_on(
    run_toy, take_up, monkeypatch, tmp_path, damage, reason
):
    """Else every trial to come would fail, and none of them be done again."""
    step, count = toy_study.Toy.step, iter(range(1000))

    def breaking(toy):
        if next(count) == 20:
            damage(tmp_path / "run" / "assets" / "shared.txt")
            raise RuntimeError("cannot read")
        step(toy)

    monkeypatch.setattr(toy_study.Toy, "step", breaking)
    status, folder, printed = run_toy(trials=4)
    assert status == 1
    assert f"shared.txt {reason}: put it back from a copy, or start a new run" in " ".join(
        printed.split()
    )
    assert manifest_of(folder)["status"] == "failed"
    assert {event["state"] for event in events_of(folder, "ended")} == {"completed", "interrupted"}
    with pytest.raises(UserError, match=f"shared.txt {reason}"):
        take_up(folder)
    assert manifest_of(folder)["status"] == "failed"
    (folder / "assets" / "shared.txt").write_text("shared")
    assert take_up(folder)[0] == 0
    check_whole(folder, 4)


def test_trials_that_failed_are_tried_again_on_request(run_toy, take_up, monkeypatch, tmp_path):
    """Also after what the sampler proposed knowing of the failures; replays come out the same."""
    build = toy_study.ToyStudy.build

    def failing(study, config, settings, assets):
        if config["x"] > 0.4:
            raise OSError("the library is not there")
        return build(study, config, settings, assets)

    monkeypatch.setattr(toy_study.ToyStudy, "build", failing)
    run_toy(trials=8, settings={"faults": ("nan",)})
    folder = tmp_path / "run"
    failures = {e["trial"] for e in events_of(folder, "ended") if e["state"] == "failed"}
    assert "r03" in failures  # its value is no number: it would come out the same
    assert len(failures) > 2
    monkeypatch.setattr(toy_study.ToyStudy, "build", build)
    take_up(folder)
    assert states_of(folder)["r02"] == "failed"  # nobody asked for it
    status, _ = take_up(folder, trials=10, retry=True)
    assert status == 0
    assert {event["trial"] for event in events_of(folder, "retried")} == failures - {"r03"}
    assert {trial for trial, state in states_of(folder).items() if state == "failed"} == {"r03"}
    assert replay(folder, lambda plan: TOY, Console()) == 0
    assert take_up(folder, trials=12)[0] == 0
