"""The power is cut at any moment: what was said to be done is on the disk, and the run goes on."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from power import Disk
from whole_runs import check_whole, events_of, manifest_of

TRIALS, STEPS = 4, 12
RUN = "run"


def check_after_cut(folder, take_up, winner):
    """Look at what is there, take it up, and compare; False where no run was there yet."""
    if not (folder / "manifest.json").exists():
        return False
    events = events_of(folder) if (folder / "events.jsonl").exists() else []
    for trial in {event["trial"] for event in events if event["event"] == "reported"}:
        assert (folder / "trials" / trial / "model.json").read_text().endswith("}")
    status = manifest_of(folder)["status"]
    assert take_up(folder, in_process=True)[0] == 0, status
    check_whole(folder, TRIALS)
    assert manifest_of(folder)["winner"] == winner
    ended = [event for event in events if event["event"] == "ended"]
    done = [event for event in ended if event["state"] != "interrupted"]
    assert events_of(folder, "ended")[: len(done)] == done
    return True


def test_what_was_said_to_be_done_survives_any_cut(run_toy, take_up, tmp_path, monkeypatch):
    """Only what was fsynced survives, the worst that a disk may do."""
    _, calm, _ = run_toy("calm", trials=TRIALS, sampler="random")
    winner = manifest_of(calm)["winner"]
    (tmp_path / RUN).mkdir()
    disk = Disk(tmp_path / RUN)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    monkeypatch.setattr("search.record.writer.SYNC_EVERY_S", 0.0)
    run_toy(RUN, trials=TRIALS, sampler="random")
    monkeypatch.undo()
    disk.close()
    images = disk.images
    assert len(images) > 5 * STEPS
    moments = [len(images) * step // STEPS for step in range(STEPS)] + [-1]
    states = []
    for number, moment in enumerate(moments):
        folder = tmp_path / f"cut-{number}"
        images[moment].restore(folder)
        states.append(check_after_cut(folder, take_up, winner))
    assert sum(states) > STEPS // 2
    assert not any(states[: states.index(True)]), "once there, a run stays"


def test_assets_are_whole_or_absent_at_every_moment_of_preparation(
    run_toy, take_up, tmp_path, monkeypatch
):
    """Assets of 0 bytes beside a manifest that says that they are made fail all trials for good."""
    (tmp_path / RUN).mkdir()
    disk = Disk(tmp_path / RUN)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    run_toy(RUN, trials=1)
    monkeypatch.undo()
    disk.close()
    prepared = 0
    for number, image in enumerate(disk.images):
        folder = tmp_path / f"cut-{number}"
        image.restore(folder)
        manifest = folder / "manifest.json"
        if manifest.exists() and json.loads(manifest.read_text()).get("objective"):
            prepared += 1
            assert (folder / "assets" / "shared.txt").read_text() == "shared"
    assert prepared


def copy_still(device, target, process):
    """Copy a device at one moment: while a copy is made, later blocks would be of a later one."""
    process.send_signal(signal.SIGSTOP)
    try:
        content = device.read_bytes()
        while (again := device.read_bytes()) != content:  # the system writes on
            content = again
    finally:
        process.send_signal(signal.SIGCONT)
    target.write_bytes(content)
    return target


@pytest.mark.slow
def test_copies_of_a_block_device_under_a_running_search_go_on(start, take_up, tmp_path, run_toy):
    """A real file system on a device that is copied while it is written to: what a cut leaves."""
    device, mounted = tmp_path / "disk.img", tmp_path / "mounted"
    mounted.mkdir()
    with device.open("wb") as file:
        file.truncate(32 * 2**20)
    if shutil.which("mkfs.ext4") is None or _fails("mkfs.ext4", "-q", device):
        pytest.skip("no file system can be made here")
    if _fails("mount", "-o", "loop", device, mounted):
        pytest.skip("nothing can be mounted here")
    copies = []
    try:
        settings = {"epoch_s": 0.05}
        process = start(mounted / RUN, trials=TRIALS, sampler="random", settings=settings)
        while process.poll() is None:
            time.sleep(0.4)
            copies.append(copy_still(device, tmp_path / f"copy-{len(copies)}.img", process))
        printed, complained = process.communicate()
        assert process.returncode == 0, printed + complained
        winner = manifest_of(mounted / RUN)["winner"]
    finally:
        _fails("umount", mounted)
    states = []
    for number, copy in enumerate(copies):
        assert not _fails("mount", "-o", "loop", copy, mounted)
        folder = tmp_path / f"cut-{number}"
        try:
            shutil.copytree(mounted, folder)
        finally:
            _fails("umount", mounted)
        states.append((folder / RUN).is_dir() and check_after_cut(folder / RUN, take_up, winner))
    assert any(states)


def _fails(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, check=False)
    return bool(done.returncode)
