"""The toy study, on the path of this process and of every one that it starts."""

import json
import os
import subprocess
import sys

import pytest
from places import ROOT, SUPPORT, TOY_MAIN
from rich.console import Console

from search.plan import Plan
from search.run.runner import resume, run
from search.study import StudyRow

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")


@pytest.fixture
def toy() -> StudyRow:
    return TOY


@pytest.fixture
def child_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{SUPPORT}", "COLUMNS": "80"}


@pytest.fixture
def run_toy(tmp_path, capsys):
    """Run the toy study in this process; returns exit status, folder and what was printed."""

    def runner(name="run", in_process=True, trials=6, seed_check=0, **options):
        settings = {"marker": tmp_path / "marker"} | options.pop("settings", {})
        plan = Plan(
            study="toy",
            settings=settings,
            trials=trials,
            in_process=in_process,
            seed_check=seed_check,
            run=tmp_path / name,
            **options,
        )
        status = run(plan, TOY, Console(width=80))
        return status, tmp_path / name, capsys.readouterr().out

    return runner


@pytest.fixture
def take_up(toy, capsys):
    def taker(folder, retry=False, **change):
        status = resume(folder, change, lambda name: toy, Console(width=80), retry=retry)
        return status, capsys.readouterr().out

    return taker


@pytest.fixture
def start(child_environment, tmp_path):
    """Run the toy study in a process of its own."""

    def starter(folder, **plan):
        plan = {"study": "toy", "in_process": True, "run": str(folder)} | plan
        return subprocess.Popen(
            [sys.executable, "-P", str(TOY_MAIN), json.dumps(plan)],
            env=child_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return starter
