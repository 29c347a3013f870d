"""A search that is killed again and again: ``python tests/support/kills.py 20``.

Its driver, worker, raylet and GCS are killed in turn, each after some more reports; then it is
taken up. In the end it has the winner that it has when nobody disturbs it.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import ray  # noqa: F401 - brings psutil

import psutil  # isort: skip
from places import ROOT, SUPPORT, TOY_MAIN
from whole_runs import events_of, manifest_of, states_of

VICTIMS = ("driver", "worker", "raylet", "gcs_server")
PATIENCE_S = float(os.environ.get("KILLS_PATIENCE_S", "200"))  # a busy machine starts Ray slowly
LOG = ("(raylet)", "(gcs", ".cc:", "rpc_client.h", "Traceback")  # of Ray's own, or of ours


class Killer:
    """Starts a search on Ray, kills parts of it, and takes it up."""

    def __init__(self, folder: Path, trials: int, *, in_process: bool = False) -> None:
        settings = {"epoch_s": 0.05}
        self.folder, self.trials = folder, trials
        self.plan = {
            "study": "toy", "run": str(folder), "trials": trials, "settings": settings,
            "sampler": "random", "scheduler": "fifo", "concurrency": 1,
            "in_process": in_process,
        }  # fmt: skip
        self.environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{SUPPORT}"}

    def start(self, *words: str) -> subprocess.Popen:
        """Start the search, or take it up where it has begun."""
        words = ["resume", *words] if (self.folder / "manifest.json").exists() else []
        return subprocess.Popen(
            [sys.executable, "-P", str(TOY_MAIN), json.dumps(self.plan), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self, victims) -> None:
        """Kill each in turn, and take the search up in between; at last let it end.

        A worker that dies in the moment in which Tune gives it its next trial costs that trial,
        which is then run again on request.
        """
        process, dice = None, random.Random(0)  # noqa: S311 - no secret
        for victim in victims:
            process = process or self.start()
            self.wait(process, self.reports() + dice.randint(1, 2))
            print(f"{time.strftime('%X')} {self.reports()} reports: kill the {victim}", flush=True)
            if victim == "driver":
                process.kill()
            else:
                descendant(process, victim).kill()
            if victim != "worker":  # whose trial goes on in another
                self.check_end(process, victim)
                process = None
        self.finish(process or self.start())
        if "failed" in states_of(self.folder).values():
            self.finish(self.start("retry"))
        assert set(states_of(self.folder).values()) == {"completed"}

    def finish(self, process: subprocess.Popen) -> None:
        """Wait for the end of the search."""
        printed, complained = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, printed + complained

    def reports(self) -> int:
        """Count the reports on record."""
        return len(events_of(self.folder, "reported")) if self.record.exists() else 0

    @property
    def record(self) -> Path:
        return self.folder / "events.jsonl"

    def wait(self, process: subprocess.Popen, reports: int) -> None:
        """Wait until so many reports are on record."""
        deadline = time.monotonic() + PATIENCE_S
        while self.reports() < reports:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, f"no report comes: {stacks(process)}"
            time.sleep(0.02)

    def check_end(self, process: subprocess.Popen, victim: str) -> None:
        """What lost a process of Ray's says so in a line, and its manifest says that it failed."""
        printed, complained = process.communicate(timeout=PATIENCE_S)
        if victim == "driver":
            assert manifest_of(self.folder)["status"] == "running"  # `status` says: died
            return
        assert process.returncode == 1, printed + complained
        name = {"gcs_server": "GCS"}.get(victim, victim)
        assert f"Ray's {name} has died" in " ".join(printed.split()), printed + complained
        assert not any(text in printed + complained for text in LOG), printed + complained
        assert manifest_of(self.folder)["status"] == "failed"


def stacks(process: subprocess.Popen) -> str:
    """End a search that stands still, and say where each of its threads was, and its processes."""
    children = [child.name() for child in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(signal.SIGUSR1)  # see `toy_main`
    time.sleep(2)
    process.kill()
    printed, complained = process.communicate()
    return f"{children}\n{printed}\n{complained}"


def descendant(process: subprocess.Popen, victim: str) -> psutil.Process:
    """Find a process that a search has started."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children(recursive=True):
            name = child.name()
            works = name.startswith("ray::") and "Agent" not in name
            if name == victim or (victim == "worker" and works):
                return child
        time.sleep(0.05)
    raise AssertionError(f"there is no {victim}")


def main() -> None:
    kills = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        killed = Killer(Path(scratch, "killed"), trials=kills + 4)
        killed.kill(islice(cycle(VICTIMS), kills))
        calm = Killer(Path(scratch, "calm"), trials=kills + 4, in_process=True)
        calm.kill([])
        winners = [manifest_of(run.folder)["winner"] for run in (killed, calm)]
        configs = [
            [event["config"] for event in events_of(run.folder, "proposed")]
            for run in (killed, calm)
        ]
        assert winners[0] == winners[1]
        assert configs[0] == configs[1]
        print(f"{kills} kills: winner {winners[0]}, as without; nothing lost, nothing done twice")


if __name__ == "__main__":
    main()
