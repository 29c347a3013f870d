"""Trials one after the other, in this process."""

import json
import subprocess
import sys

from whole_runs import manifest_of


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
