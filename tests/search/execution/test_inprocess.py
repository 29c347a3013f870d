"""Trials one after the other, in this process."""

import json
import subprocess
import sys

from whole_runs import events_of, manifest_of


def test_nothing_imports_ray(tmp_path, child_environment):
    code = (
        "import sys\n"
        "sys.modules['ray'] = None  # importing it raises\n"
        "from toy_main import main\n"
        "status = main()\n"
        "assert not [name for name in sys.modules if name.startswith('ray.')]\n"
        "sys.exit(status)\n"
    )
    plan = {"study": "toy", "trials": 2, "in_process": True, "run": str(tmp_path / "run")}
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(plan)],
        env=child_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert manifest_of(tmp_path / "run")["status"] == "finished"


def test_trials_run_one_after_the_other_until_none_is_proposed(run_toy):
    _, folder, _ = run_toy(trials=4, settings={"faults": ("raise",)})
    running = set()
    for event in events_of(folder, "proposed", "ended"):
        if event["event"] == "proposed":
            assert not running
            running.add(event["trial"])
        else:
            running.remove(event["trial"])
    assert not running
